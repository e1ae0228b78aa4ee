/**
 * What in a program would keep it from being captured, found in its text, with the author's file and line. It runs nothing and knows
 * no values: it names what is written there, and cannot see what is reached through other names.
 * What a built-in module does to a capture is for the runtime to say: HindrancePolicy.
 */
import path from 'node:path';
import { originalPositionFor, TraceMap } from '@jridgewell/trace-mapping';
import * as acorn from 'acorn';
import { children, isClass, isFunction, isLoop, type Node, patternNames } from './ast.js';
import type { Bundle } from './index.js';

/** pin: cannot move from then on; wait: cannot move until it has ended; putOff: captured a little later; differs: runs otherwise than in node. */
export type HindranceEffect = 'pin' | 'wait' | 'putOff' | 'differs';

export interface Hindrance {
  readonly effect: HindranceEffect;
  readonly why: string;
  readonly file: string;
  readonly line: number;
}

type Verdict = { readonly effect: HindranceEffect; readonly why: string } | undefined;

export interface HindrancePolicy {
  /** A built-in module, by its name without `node:`. */
  module(name: string): Verdict;
  /** A function of a built-in module that is called. */
  call(module: string, name: string): Verdict;
  /** A global that is used. */
  global(name: string): Verdict;
  /** Is this file the author's, or a package's? */
  isAuthors(file: string): boolean;
}

/** In order of file and line, each once. */
export function findHindrances(bundle: Bundle, policy: HindrancePolicy): Hindrance[] {
  const program: Node = acorn.parse(bundle.source, {
    ecmaVersion: 'latest',
    sourceType: bundle.sloppy ? 'script' : 'module',
    locations: true,
    allowReturnOutsideFunction: true,
    allowHashBang: true,
  }) as unknown as Node; // acorn's nodes have the fields that ours name
  const search = new Search(bundle, policy);
  const nodes = everyNode(program);
  for (const node of nodes) search.learn(node);
  for (const node of nodes) search.look(node);
  return search.found();
}

/** Where each name of a built-in module comes from: `*` is the module itself. */
interface Binding {
  readonly module: string;
  readonly member: string;
}

class Search {
  readonly #map: TraceMap;
  readonly #found = new Map<string, Hindrance>();
  readonly #bindings = new Map<string, Binding>();
  readonly #declared = new Set<string>();

  constructor(
    private readonly bundle: Bundle,
    private readonly policy: HindrancePolicy,
  ) {
    this.#map = new TraceMap(bundle.sourceMap);
  }

  found(): Hindrance[] {
    return [...this.#found.values()].sort((a, b) => (a.file === b.file ? a.line - b.line : a.file < b.file ? -1 : 1));
  }

  /** First pass: names that are declared, and which of them stand for built-in modules. */
  learn(node: Node): void {
    if (node.type === 'ImportDeclaration') this.#learnImport(node);
    if (node.type === 'VariableDeclarator') {
      const module = requiredIn(node.init);
      for (const { name } of patternNames(node.id)) this.#declared.add(name);
      if (module === undefined) return;
      if (node.id.type === 'Identifier') this.#bindings.set(node.id.name, { module, member: '*' });
      else if (node.id.type === 'ObjectPattern')
        for (const { key, value } of node.id.properties)
          if (key?.name && value?.name) this.#bindings.set(value.name, { module, member: key.name });
    }
    if (isFunction(node) || isClass(node)) {
      if (node.id) this.#declared.add(node.id.name);
      for (const param of node.params ?? []) for (const { name } of patternNames(param)) this.#declared.add(name);
    }
  }

  #learnImport(node: Node): void {
    const module = builtinName(node.source.value);
    if (module === undefined) return;
    for (const { local, imported } of node.specifiers) {
      const member = imported && imported.name !== 'default' ? imported.name : '*';
      this.#bindings.set(local.name, { module, member });
      this.#declared.add(local.name);
    }
  }

  /** Second pass. */
  look(node: Node): void {
    if (node.type === 'ImportDeclaration') this.#lookAtModule(node, builtinName(node.source.value));
    else if (node.type === 'ImportExpression') this.#lookAtImport(node);
    else if (node.type === 'WithStatement') this.#add(node, { effect: 'pin', why: 'a with statement' });
    else if (node.type === 'CallExpression') this.#lookAtCall(node);
    else if (node.type === 'NewExpression' && node.callee.type === 'Identifier') this.#lookAtGlobal(node.callee);
    else this.#lookAtFrame(node);
  }

  #lookAtModule(node: Node, name: string | undefined): void {
    if (name !== undefined) this.#add(node, this.policy.module(name));
  }

  #lookAtImport(node: Node): void {
    if (typeof node.source.value === 'string') this.#lookAtModule(node, builtinName(node.source.value));
    else this.#add(node, { effect: 'differs', why: 'import() of a computed name finds built-in modules only' });
  }

  #lookAtCall(node: Node): void {
    const { callee, arguments: args } = node;
    if (callee.type === 'Identifier') {
      if (isRequire(node)) this.#lookAtModule(node, requiredIn(node));
      else if (callee.name === 'eval' && !this.#declared.has('eval') && isRefusedText(args[0]))
        this.#add(node, {
          effect: 'differs',
          why: 'direct eval of code with a with statement or a call of super() ends the program',
        });
      const binding = this.#bindings.get(callee.name);
      if (binding) this.#add(node, this.policy.call(binding.module, binding.member));
      else this.#lookAtGlobal(callee);
      return;
    }
    if (callee.type !== 'MemberExpression' || callee.computed) return;
    const name: string = callee.property.name;
    const module = this.#moduleOf(callee.object);
    if (module !== undefined) this.#add(node, this.policy.call(module, name));
    const why = nativeCallback(callee.object, name, args);
    if (why) this.#add(node, { effect: 'putOff', why: `while ${why} runs its function` });
  }

  /** `fs`, `fs.default`, `fs.promises`. */
  #moduleOf(node: Node): string | undefined {
    if (node.type === 'Identifier') {
      const binding = this.#bindings.get(node.name);
      if (binding?.member === 'promises') return `${binding.module}/promises`;
      return binding?.member === '*' ? binding.module : undefined;
    }
    if (node.type !== 'MemberExpression' || node.computed) return undefined;
    const outer = this.#moduleOf(node.object);
    if (outer === undefined) return undefined;
    return node.property.name === 'default' ? outer : node.property.name === 'promises' ? `${outer}/promises` : undefined;
  }

  #lookAtGlobal(identifier: Node): void {
    if (!this.#declared.has(identifier.name)) this.#add(identifier, this.policy.global(identifier.name));
  }

  /** Frames that are never captured matter where they last: with a loop in them. */
  #lookAtFrame(node: Node): void {
    if ((node.type === 'Property' || node.type === 'MethodDefinition') && /^[gs]et$/.test(node.kind) && hasLoop(node.value.body))
      this.#add(node, { effect: 'putOff', why: `while this ${node.kind === 'get' ? 'getter' : 'setter'} runs` });
    if (node.type === 'StaticBlock' && hasLoop(node)) this.#add(node, { effect: 'putOff', why: 'while this static block runs' });
  }

  #add(node: Node, verdict: Verdict): void {
    if (!verdict) return;
    const at = originalPositionFor(this.#map, { line: node.loc.start.line, column: node.loc.start.column });
    if (at.source === null) return;
    const file = path.resolve(path.dirname(this.bundle.entry), at.source);
    if (!this.policy.isAuthors(file)) return;
    const hindrance = { ...verdict, file, line: at.line };
    this.#found.set(`${file}:${at.line} ${verdict.why}`, hindrance);
  }
}

/** Built-ins that call back natively: what is called, when it is one. */
function nativeCallback(object: Node, name: string, args: Node[]): string | undefined {
  const isGlobal = (wanted: string) => object.type === 'Identifier' && object.name === wanted;
  const second = args[1];
  if (!second) return undefined;
  if ((isGlobal('Object') || isGlobal('Map')) && name === 'groupBy') return `${object.name}.groupBy`;
  return undefined;
}

/** Of code that is no literal nothing is known here. */
const isRefusedText = (code: Node | undefined): boolean =>
  code?.type === 'Literal' && typeof code.value === 'string' && /\b(?:with|super)\s*\(/.test(code.value);

const isRequire = (node: Node | null | undefined): boolean =>
  node?.type === 'CallExpression' && node.callee.type === 'Identifier' && /^(__)?require$/.test(node.callee.name);

/** The built-in that an initialiser requires, through esbuild's wrappers too. */
function requiredIn(node: Node | null | undefined): string | undefined {
  if (node?.type !== 'CallExpression') return undefined;
  if (isRequire(node)) return builtinName(node.arguments[0]?.value);
  return node.callee.type === 'Identifier' && node.callee.name === '__toESM' ? requiredIn(node.arguments[0]) : undefined;
}

const builtinName = (source: unknown): string | undefined =>
  typeof source === 'string' && source.startsWith('node:') ? source.slice('node:'.length) : undefined;

/** A loop that runs in this frame, not in a function within. */
function hasLoop(node: Node): boolean {
  const list = [node];
  for (let next = list.pop(); next; next = list.pop()) {
    if (isLoop(next)) return true;
    list.push(...children(next).filter((child) => !isFunction(child) && !isClass(child)));
  }
  return false;
}

function everyNode(root: Node): Node[] {
  const nodes = [root];
  for (let i = 0; i < nodes.length; i++) nodes.push(...children(nodes[i]!));
  return nodes;
}
