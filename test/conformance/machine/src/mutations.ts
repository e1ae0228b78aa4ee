/** The faults that are tried. Most show only after a move, or after a second one. */
import { changeFunctions, forgetTemporaries, type Mutation, shiftStatements } from './mutants.js';

const assigned = (name: string, what: string, code: string): boolean => code.includes(`${name} = ${what}`);

export const mutations: readonly Mutation[] = [
  // What frames save.
  { name: 'every second temporary is left out of frames', noticedBy: 'frame-values.cjs', change: forgetTemporaries((name) => /[02468]$/.test(name)) },
  { name: 'temporaries of a loop end before the loop does', noticedBy: 'frame-values.cjs', file: 'table.js', from: 'to = Math.max(to, loop.end)', to: 'to' },
  { name: 'the iterator of a for-of is not saved', noticedBy: 'frame-values.cjs', change: forgetTemporaries((name, code) => assigned(name, '$$iterator(', code)) },
  { name: 'the list of a for-of is not saved', noticedBy: 'iterators.mjs', change: forgetTemporaries((name, code) => assigned(name, '$$array(', code)) },
  { name: 'the keys of a for-in are not saved', noticedBy: 'frame-values.cjs', change: forgetTemporaries((name, code) => assigned(name, '$$keys(', code)) },
  { name: 'the index of a for-in is dead at the back edge', noticedBy: 'frame-values.cjs', file: 'table.js', from: 'at: head ?? node.start', to: 'at: node.start' },
  { name: 'a finally forgets how its try ended', noticedBy: 'finally-endings.cjs', change: forgetTemporaries((name, code) => new RegExp(`\\${name} = 0;\\s*\\$finally`).test(code)) },
  { name: 'arguments are not saved', noticedBy: 'call-values.cjs', change: changeFunctions((fn) => { fn.usesArguments = false; }) },
  // Where they go on.
  { name: 'calls go on one statement late', noticedBy: 'frame-values.cjs', change: shiftStatements(1) },
  { name: 'calls go on one statement early', noticedBy: 'frame-values.cjs', change: shiftStatements(-1) },
  { name: 'frames inside a native finally are captured', noticedBy: 'native-finally.cjs', file: 'table.js', from: "(key === 'finalizer' && node.type === 'TryStatement')", to: 'false' },
  { name: 'new.target is not kept for resumed code', noticedBy: 'call-values.cjs', file: 'functions.js', from: 'context.keepsNewTarget = true;', to: '' },
  // What closures see.
  { name: 'closures forget their environments', noticedBy: 'closure-scopes.cjs', file: 'functions.js', from: 'return first < 0 ? [] : visible.slice(first);', to: 'return [];' },
  { name: 'environments forget the ones around them', noticedBy: 'closure-scopes.cjs', file: 'functions.js', from: 'if (context.envs.length > 0)\n        all.unshift', to: 'if (false)\n        all.unshift' },
  { name: 'iterations of a loop share their variable', noticedBy: 'closure-scopes.cjs', file: 'loops.js', from: "declare('const', name, object(...copies))", to: "declare('const', name, id(carried))" },
  { name: 'arrows lose this', noticedBy: 'closure-scopes.cjs', file: 'functions.js', from: 'context.derivedConstructor ? undefinedValue() : thisValue()', to: 'undefinedValue()' },
  { name: 'remade functions are sloppy', noticedBy: 'closure-scopes.cjs', file: 'functions.js', from: 'envs: visible,\n        classEnv: context.classEnv,\n        strict: facts.strict,', to: 'envs: visible,\n        classEnv: context.classEnv,\n        strict: false,' },
  { name: 'dead zones of captured variables are forgotten', noticedBy: 'dead-zones.cjs', file: 'dead-zones.js', from: 'found.checked.add(mention.node);', to: '' },
  // What happens in which order.
  { name: 'a finally swallows what was thrown', noticedBy: 'finally-endings.cjs', file: 'statements.js', from: "out.push(when(binary('===', { ...kind }, literal(1)), throws({ ...value })));", to: '' },
  { name: 'a finally forgets returns and breaks', noticedBy: 'finally-endings.cjs', file: 'statements.js', from: "out.push(when(binary('===', { ...kind }, literal(i + 2)), exit));", to: '' },
  { name: 'operands are read after the calls behind them', noticedBy: 'operand-order.cjs', file: 'expressions.js', from: 'return i < last ? keep(node, lowered, context, out) : lowered;', to: 'return lowered;' },
  { name: 'a for-of that is left does not close', noticedBy: 'frame-values.cjs', file: 'loops.js', from: "finalizer: block([when(not({ ...done }), close('$$close'))]),", to: 'finalizer: block([]),' },
  { name: 'a for-of whose body throws does not close', noticedBy: 'frame-values.cjs', file: 'loops.js', from: "close('$$closeQuietly')])),", to: '])),' },
]; // biome-ignore format: a table
