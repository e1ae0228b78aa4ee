/** The guest's `node:util/types`: Node's own, which also knows promises and async functions of guests for what they are. */
'use strict';

const { isPromise } = require('godwit:host');
const native = require('node:util/types');

const asyncFunctionPrototype = Object.getPrototypeOf(async () => {});

module.exports = {
  ...native,
  isPromise: (value) => native.isPromise(value) || isPromise(value),
  isAsyncFunction: (value) =>
    native.isAsyncFunction(value) || (typeof value === 'function' && Object.getPrototypeOf(value) === asyncFunctionPrototype),
};
