export * from './base/index.js';
export * from './compile/index.js';
