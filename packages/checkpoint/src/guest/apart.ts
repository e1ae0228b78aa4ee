/**
 * A context beside the guest's, in the same thread: its built-ins are out of the guest's reach, and what its regular expressions match does
 * not show in the guest's `RegExp.lastMatch`.
 */
import vm from 'node:vm';

const context = vm.createContext({}, { name: 'godwit' });

/** What an expression gives there. Before guest code runs: Node's own code takes part in it. */
export const madeApart = (expression: string): unknown => new vm.Script(expression).runInContext(context);

/** Whether a text matches. */
export const testerOf = (pattern: RegExp): ((text: string) => boolean) =>
  madeApart(`(() => { const pattern = ${pattern}; return (text) => pattern.test(text); })()`) as (text: string) => boolean;
