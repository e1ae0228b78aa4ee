/**
 * Which code may last: it loops, or calls something in the same program that does. Code that can never be captured while it runs only
 * matters where it lasts; a getter that hands out a field is nobody's concern.
 */
import { children, isClass, isFunction, isLoop, type Node } from '../ast.js';
import { constructorOf, type ProgramText } from './text.js';

/** Built-ins that call back once for each item. */
const callers = /^(map|filter|forEach|some|every|find|findIndex|findLast|findLastIndex|reduce|reduceRight|flatMap|sort|toSorted|replace|replaceAll|from)$/; // biome-ignore format: one list

export class Lasting {
  readonly #known = new Map<Node, string | undefined>();

  constructor(private readonly text: ProgramText) {}

  /** Why code may last, as in "it loops"; undefined when it is not seen to. What functions inside it do counts only where it calls them. */
  why(...code: readonly (Node | null | undefined)[]): string | undefined {
    const work = code.filter((node): node is Node => Boolean(node) && !isFunction(node) && !isClass(node));
    for (let node = work.pop(); node; node = work.pop()) {
      if (isLoop(node)) return 'it loops';
      const called = this.#called(node);
      if (called !== undefined) return called;
      work.push(...children(node).filter((child) => !isFunction(child) && !isClass(child)));
    }
    return undefined;
  }

  /** Why a call of a function, or of a class's constructor, may last. Memoised; a function that is reached again from itself may. */
  ofFunction(fn: Node): string | undefined {
    if (this.#known.has(fn)) return this.#known.get(fn);
    this.#known.set(fn, 'it calls itself');
    const found = isClass(fn)
      ? this.#ofConstruction(fn)
      : fn.generator
        ? this.why(...fn.params)
        : this.why(...fn.params, fn.body);
    this.#known.set(fn, found);
    return found;
  }

  #ofConstruction(node: Node): string | undefined {
    const own = constructorOf(node);
    const fields = node.body.body.filter((m: Node) => m.type === 'PropertyDefinition' && !m.static).map((m: Node) => m.value);
    const base = node.superClass?.type === 'Identifier' ? this.text.valueOf(node.superClass) : undefined;
    return this.why(...fields) ?? (own && this.ofFunction(own)) ?? (base && isClass(base) ? this.ofFunction(base) : undefined);
  }

  #called(node: Node): string | undefined {
    if (node.type !== 'CallExpression' && node.type !== 'NewExpression' && node.type !== 'TaggedTemplateExpression')
      return undefined;
    const callee = node.callee ?? node.tag;
    const target = isFunction(callee)
      ? callee
      : callee.type === 'Identifier'
        ? this.text.valueOf(callee)
        : this.text.methodOf(callee);
    if (target && (isFunction(target) || isClass(target)) && this.ofFunction(target))
      return isFunction(callee) ? this.ofFunction(target) : `it calls ${nameOfCallee(callee)}`;
    if (callee.type !== 'MemberExpression' || callee.computed || !callers.test(callee.property.name ?? '')) return undefined;
    const callback = node.arguments?.find((argument: Node) => isFunction(argument));
    return callback && this.ofFunction(callback) ? 'it loops' : undefined;
  }
}

const nameOfCallee = (callee: Node): string =>
  callee.type === 'Identifier'
    ? callee.name
    : `this.${callee.property.type === 'PrivateIdentifier' ? '#' : ''}${callee.property.name}`;
