// `module` and `require` of CommonJS modules are what Node makes them: who is main, who required whom, what has loaded.
const path = require('node:path');
const told = [];
const tell = (...things) => told.push(things.map((t) => (typeof t === 'string' ? path.basename(t) : JSON.stringify(t) ?? String(t))).join(' '));
const isModule = (thing) => thing !== null && typeof thing === 'object' && thing.constructor === require('node:module');

function main() {
  tell('main', require.main === module, module.id, module.filename === __filename, module.path === __dirname, module.loaded);
}
if (require.main === module) main();

tell(Object.keys(module).join(), Object.keys(require).join(), Object.keys(require.resolve).join());
tell(module.parent, module.children.length, module.paths[0] === path.join(__dirname, 'node_modules'), module.paths.at(-1), isModule(module));
tell(this === module.exports, exports === module.exports, typeof module.require, typeof require.extensions['.js'], module.constructor.name);
tell(Object.getPrototypeOf(require.cache), module instanceof require('node:module'), Object.hasOwn(module, 'parent'));
tell(require.cache[__filename] === module, process.mainModule === module, require.name, require.length);

const first = require('../programs-parts/main-module/first.cjs');
const second = require('../programs-parts/main-module/deeper/second.cjs');
const again = require('../programs-parts/main-module/first.cjs');
tell(again === first, first.isMain, first.parent === module, first.main === module, second.parent === first.module, second.loadedThen);
tell(first.module.id === first.module.filename, first.module.loaded, first.module.exports === first, first.module.path);
const names = (m) => m.children.map((child) => path.basename(child.filename)).join();
tell('children', names(module), names(first.module), names(second.module));

function later() {
  return require('../programs-parts/main-module/lazy.cjs');
}
const lazy = later();
later();
tell('lazy', lazy.parent === module, names(module), lazy.id.endsWith('lazy.cjs'), lazy.early.loaded);
tell(require('../programs-parts/main-module/data.json'), names(module), Object.values(require.cache).every(isModule));

for (let i = 0; i < 3; i++) {
  try {
    require('../programs-parts/main-module/failing.cjs');
  } catch (error) {
    tell(error.message, names(module), Object.keys(require.cache).some((file) => file.endsWith('failing.cjs')));
  }
}
try {
  first.load('./not-there.js');
} catch (error) {
  tell(error.code, error.requireStack.map((file) => path.basename(file)).join(), error.message.split('\n').length);
}
tell(typeof module.require('node:path').join, module.require('node:events') !== undefined, first.resolved);
module.parent = first.module;
tell(module.parent === first.module);
module.id = 'another';
delete require.cache[first.module.filename];
tell(first.module.filename in require.cache, Object.keys(require.cache).filter((file) => file.includes('main-module')).length, require.main.id);

let sum = 0;
for (let i = 0; i < 200; i++) sum += i;
setTimeout(() => {
  tell('later', module.loaded, lazy.early.loaded, first.module.loaded, require.main === module, module.id, sum);
  tell(require.cache[__filename] === module, second.hasRun(), module.children[0] === first.module, isModule(first.module));
  console.log(told.join('\n'));
}, 1);
