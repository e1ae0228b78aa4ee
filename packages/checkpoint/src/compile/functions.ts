/**
 * Passes "environments" and "function identity", functions: where a closure is made, it is branded with its function id and
 * environment; where a function starts, its captured variables move into an environment object.
 *
 *   before:  function counter(n) { return () => n++ }
 *   after:   function counter(n) { const $e1 = { n: n }; return $$f(() => $e1.n++, 7, $e1) }
 *
 * Async functions become a thin function around a generator that the runtime drives:
 *   before:  async function f(a) { await g(a) }
 *   after:   f = $$fa({ f(a) { return $$spawn(function* (a) { yield g(a) }.call(this, a), 8) } }.f, 7)
 */
import {
  anyNode,
  array,
  assign,
  binary,
  call,
  declare,
  eachNode,
  id,
  isName,
  isSuperProperty,
  literal,
  located,
  member,
  type Node,
  object,
  patternNames,
  property,
  returns,
  statement,
  thisValue,
  undefinedValue,
  when,
} from './ast.js';
import {
  type BodyKind,
  envField,
  envName,
  FunctionContext,
  type FunctionMeta,
  MODULE_FUNCTION,
  type ProgramContext,
} from './context.js';
import { lowerExpression } from './expressions.js';
import { isOnlyRest, lowerPatternInto } from './patterns.js';
import { keepRegisters } from './registers.js';
import {
  type Binding,
  type FunctionFacts,
  PSEUDO_ARGUMENTS,
  PSEUDO_NEW_TARGET,
  PSEUDO_THIS,
  PSEUDO_VARIABLES,
  type Scope,
} from './scope.js';
import { hoistFunctions, lowerStatements } from './statements.js';

export interface MethodInfo {
  method: true;
  /** The property, which is where the author's text of the method begins. */
  from: Node;
  key: Node;
  computed: boolean;
  accessor?: 'get' | 'set';
}

const bodyKind = (node: Node): BodyKind =>
  node.async ? (node.generator ? 'asyncGenerator' : 'async') : node.generator ? 'generator' : 'sync';

/** The expression that makes a closure here, branded. Statements it needs first go to `out`. */
export function makeClosure(node: Node, context: FunctionContext, out: Node[], name?: string, method?: MethodInfo): Node {
  const facts = context.program.analysis.functions.get(node)!;
  const self = node.type === 'FunctionExpression' && node.id ? context.bindingOf(node.id) : undefined;
  const outerEnvs = context.envs;
  if (self?.home === 'env') out.push(makeEnvironment(self.scope, context, []));
  const given = context.program.names.get(node) ?? name;
  const made = closureExpression(node, facts, context, self ? node.id.name : given, method);
  let result = made;
  if (self && (self.home === 'env' || self.home === 'module')) {
    const target = context.temp();
    out.push(statement(assign({ ...target }, made)));
    out.push(statement(assign(context.place(self), { ...target })));
    result = target;
  }
  context.envs = outerEnvs;
  return result;
}

function closureExpression(
  node: Node,
  facts: FunctionFacts,
  context: FunctionContext,
  name: string | undefined,
  method?: MethodInfo,
): Node {
  const kind = bodyKind(node);
  const program = context.program;
  const asMethod = method !== undefined || kind === 'async' || kind === 'asyncGenerator';
  const isArrow = node.type === 'ArrowFunctionExpression';
  const lowered = lowerFunction(node, facts, context, kind, { native: false });
  const visible = usedEnvironments(lowered, context.envs, program, context.classEnv);
  const label = method?.accessor ? `${method.accessor} ${name ?? ''}` : (name ?? '');
  const fid = program.newFid(lowered, {
    kind: 'function',
    name: name === MODULE_FUNCTION ? '' : (name ?? ''),
    envs: visible,
    classEnv: context.classEnv,
    strict: facts.strict,
    source: [method?.from.start ?? node.start, node.end],
  });
  let text: Node;
  if (asMethod && !isArrow) {
    const key = method?.computed ? literal('') : isName(label) && label !== '__proto__' ? id(label) : literal(label);
    const computed = label === '__proto__';
    const slot = {
      type: 'Property',
      kind: 'init',
      method: true,
      shorthand: false,
      computed,
      key: computed ? literal(label) : key,
      value: { ...lowered, id: null },
    };
    program.fids.set(slot.value, fid);
    text = member(object(slot), key.type === 'Identifier' ? key.name : key);
  } else if ((isArrow || !node.id) && name) {
    text = member(object(property(name === '__proto__' ? literal(name) : name, lowered)), isName(name) ? name : literal(name));
  } else text = lowered;
  program.closureText.set(fid, text);
  if (program.unbranded.has(node)) return text;
  if (program.leaves.has(node)) return call(id('$$fl'), [text]);
  const sync = asMethod || isArrow ? '$$f' : lowered.generator ? '$$fn' : '$$ff';
  const brand = kind === 'async' ? '$$fa' : kind === 'asyncGenerator' ? '$$fg' : method?.computed ? '$$fk' : sync;
  const args = [text, literal(fid)];
  if (visible.length > 0) args.push(id(envName(visible[0]!)));
  if (method?.computed) {
    if (visible.length === 0) args.push(undefinedValue());
    args.push({ ...method.key }, literal(method.accessor ?? ''));
  }
  return call(id(brand), args);
}

/** The suffix of the visible environments that starts at the innermost one this code uses. */
export function usedEnvironments(
  code: Node,
  visible: readonly number[],
  { natives }: ProgramContext,
  classEnv?: number,
): number[] {
  const used = new Set<string>();
  eachNode(code, (node) => {
    if (node.type === 'Identifier') {
      if (node.name.startsWith('$e')) used.add(node.name);
      const native = natives.get(node.name); // or a property of that name: one environment more does no harm
      if (native) used.add(envName(native.scope.env!));
    }
    // A private name is looked up through the class that declares it.
    if (node.type === 'PrivateIdentifier' && classEnv !== undefined) used.add(envName(classEnv));
  });
  const first = visible.findIndex((env) => used.has(envName(env)));
  return first < 0 ? [] : visible.slice(first);
}

/** `const $e<n> = { $p: parent, … }` for a scope, and makes it the innermost visible environment. */
export function makeEnvironment(scope: Scope, context: FunctionContext, fields: Node[]): Node {
  const env = scope.env!;
  const all = [...fields];
  const named = new Set(fields.map((f) => f.key.name ?? f.key.value));
  for (const binding of scope.bindings.values())
    if (binding.home === 'env' && !named.has(envField(binding)))
      all.push(property(envField(binding), initialValue(binding, context)));
  if (context.envs.length > 0) all.unshift(property('$p', id(envName(context.envs[0]!))));
  context.envs = [env, ...context.envs];
  return declare('const', envName(env), object(...all));
}

function initialValue(binding: Binding, context: FunctionContext): Node {
  if (binding.name === PSEUDO_THIS) return context.derivedConstructor ? undefinedValue() : thisValue();
  if (binding.name === PSEUDO_ARGUMENTS) return id('arguments');
  if (binding.name === PSEUDO_NEW_TARGET) return newTarget();
  if (context.program.analysis.deadZones.unset.has(binding)) return id('$$hole');
  return undefinedValue();
}

const newTarget = (): Node => ({ type: 'MetaProperty', meta: id('new'), property: id('target') });

interface BodyOptions {
  /** A class member or constructor, where `super` is native. */
  native: boolean;
  isStatic?: boolean;
  derivedConstructor?: boolean;
  first?: Node[];
}

/** Lowers a function to an unbranded function node of the same shape (name, length, kind as far as callers can see). */
export function lowerFunction(
  node: Node,
  facts: FunctionFacts,
  outer: FunctionContext,
  kind: BodyKind,
  options: BodyOptions,
): Node {
  const arrow = node.type === 'ArrowFunctionExpression';
  const driven = kind === 'async' || kind === 'asyncGenerator';
  const context = new FunctionContext(
    outer.program,
    facts,
    kind,
    outer,
    outer.envs,
    outer.classEnv,
    options.native && !arrow && !driven,
    options.isStatic ?? (arrow ? outer.isStatic : false),
    options.derivedConstructor ?? false,
  );
  const simple = node.params.every((p: Node) => p.type === 'Identifier');
  const keepNative = simple || (!driven && nativeParamsSuffice(node, context));
  const body: Node[] = [];
  const entry: Node[] = [];
  if (facts.usesNewTarget && !arrow && kind === 'sync') {
    context.keepsNewTarget = true;
    entry.push(declare('const', '$newTarget', newTarget()));
  }
  const { params, fields, late } = keepNative ? nativeParams(node, context) : restParams(node, context);
  if (facts.scope.env !== undefined) entry.push(makeEnvironment(facts.scope, context, fields));
  else addPseudo(facts, context, entry);
  if (context.superIsNative && facts.usesSuper && context.classEnv !== undefined && usesSuperProperty(node))
    entry.push(declare('const', '$home', member(id(envName(context.classEnv)), '$class')));
  makeVariableObject(facts, context, entry);
  for (const { holder, names, accessors } of facts.isEval ? context.program.analysis.additions : []) {
    const made = lowerExpression(accessors, context, entry);
    const list = array(...names.map((name) => literal(name)));
    entry.push(statement(call(id('$$addVariables'), [context.place(holder), made, list])));
  }
  late(entry);
  // Parameters of an async generator are bound when it is called: its body runs to here at once (startAsyncGenerator).
  if (kind === 'asyncGenerator' && !simple) entry.push(statement({ type: 'YieldExpression', argument: null, delegate: false }));
  if (node.body.type === 'BlockStatement') {
    hoistFunctions(node.body.body, facts.scope, context, entry, true);
    lowerStatements(node.body.body, context, body);
  } else {
    const value = lowerReturn(node.body, context, body);
    body.push(value);
  }
  const directives =
    facts.strict && simple && node.body.type === 'BlockStatement' ? node.body.body.filter((s: Node) => s.directive) : [];
  const head: Node[] = [...directives, ...(options.first ?? [])];
  const parameters = new Set<string>(params.flatMap((p: Node) => patternNames(p).map(({ name }) => name)));
  const kept = keepRegisters([...entry, ...body], { isRegister: context.isRegister, parameters, temp: () => context.temp() });
  if (context.temps.length > 0) head.push(declareAll(context.temps));
  const statements = [...head, ...kept];
  if (!driven) {
    return located(
      {
        type: arrow ? 'ArrowFunctionExpression' : 'FunctionExpression',
        id: node.id && !arrow ? id(node.id.name) : null,
        params,
        body: { type: 'BlockStatement', body: statements },
        async: false,
        generator: kind === 'generator',
        expression: false,
      },
      node,
    );
  }
  return drivenFunction(node, facts, outer, context, kind, params, statements, arrow);
}

/** For a function with sloppy direct evals: see direct-eval.ts. */
export function makeVariableObject(facts: FunctionFacts, context: FunctionContext, entry: Node[]): void {
  if (!facts.variableObject) return;
  const accessors = lowerExpression(facts.variableObject, context, entry);
  const holder = facts.scope.bindings.get(PSEUDO_VARIABLES)!;
  entry.push(statement(assign(context.place(holder), call(id('$$variables'), [accessors]))));
}

function lowerReturn(expression: Node, context: FunctionContext, out: Node[]): Node {
  return returns(lowerExpression(expression, context, out), expression);
}

const declareAll = (names: string[]): Node => ({
  type: 'VariableDeclaration',
  kind: 'var',
  declarations: names.map((name) => ({ type: 'VariableDeclarator', id: id(name), init: null })),
});

/** A singleton function has no environment: what its arrows capture of `this` and `arguments` is set at module level. */
function addPseudo(facts: FunctionFacts, context: FunctionContext, entry: Node[]): void {
  for (const binding of facts.scope.bindings.values()) {
    if (binding.kind === 'pseudo' && binding.home === 'module')
      entry.push(statement(assign(id(binding.out), initialValue(binding, context))));
    if (binding.kind === 'param' && binding.home === 'module')
      entry.push(statement(assign(id(binding.out), id(paramName(binding)))));
  }
}

/** A captured parameter arrives natively under a name that does not hide its module-level variable. */
const paramName = (binding: Binding): string => (binding.home === 'module' ? `${binding.name}$in` : binding.out);

/** Native parameter lists do unless a default value makes a closure over the parameters, or a name must change. */
function nativeParamsSuffice(node: Node, context: FunctionContext): boolean {
  const own = context.facts.scope;
  return !anyNode(node.params, (n) => {
    if (/Function|Class/.test(n.type) || n.type === 'AwaitExpression' || n.type === 'YieldExpression') return true;
    if (n.type === 'ThisExpression' || n.type === 'Super' || n.type === 'MetaProperty' || isOnlyRest(n)) return true;
    const binding = n.type === 'Identifier' ? context.bindingOf(n) : undefined;
    if (!binding) return false;
    // `eval` in the printed code would be V8's own; what an eval may declare is looked up.
    if (binding.home === 'global' || binding.home === 'dynamic') return true;
    if (binding.out !== binding.name || (binding.home === 'module' && binding.scope === own)) return true;
    // A default that reads an outer environment or a captured sibling prints differently from a native parameter.
    return binding.home === 'env' && binding.scope !== own;
  });
}

interface Params {
  params: Node[];
  fields: Node[];
  late(entry: Node[]): void;
}

function nativeParams(node: Node, context: FunctionContext): Params {
  const fields: Node[] = [];
  for (const binding of context.facts.scope.bindings.values()) {
    if (binding.kind === 'param' && binding.home === 'env') fields.push(property(envField(binding), id(paramName(binding))));
  }
  const rename = (p: Node): Node => {
    const binding = p.type === 'Identifier' ? (context.bindingOf(p) ?? context.facts.scope.bindings.get(p.name)) : undefined;
    return binding ? id(paramName(binding), p) : p;
  };
  return { params: node.params.map((p: Node) => (p.type === 'Identifier' ? rename(p) : p)), fields, late: () => {} };
}

/** (a, { b }, c = d()) → (a, $1, ...$2), (c = d()) → ($1 = undefined), with the rest done by statements; `length` stays what it was. */
function restParams(node: Node, context: FunctionContext): Params {
  const params: Node[] = [];
  const fields: Node[] = [];
  const work: ((entry: Node[]) => void)[] = [];
  const fresh = (): Node => id(context.label('p'));
  const bind = (pattern: Node, value: Node) => work.push((entry) => lowerPatternInto(pattern, value, context, entry, 'let'));
  const firstOptional = node.params.findIndex((p: Node) => p.type === 'AssignmentPattern' || p.type === 'RestElement');
  const plain = firstOptional < 0 ? node.params.length : firstOptional;
  node.params.slice(0, plain).forEach((p: Node) => {
    if (p.type === 'Identifier') {
      const binding = context.facts.scope.bindings.get(p.name)!;
      params.push(id(paramName(binding)));
      if (binding.home === 'env') fields.push(property(envField(binding), id(paramName(binding))));
    } else {
      const slot = fresh();
      params.push(slot);
      bind(p, { ...slot });
    }
  });
  const [only] = node.params;
  if (context.kind === 'sync' && node.params.length === 1 && only.type === 'AssignmentPattern') {
    // Setters may have nothing else; `length` is 0, as with a rest.
    const slot = fresh();
    params.push({ type: 'AssignmentPattern', left: slot, right: undefinedValue() });
    bind(only, { ...slot });
  } else if (plain < node.params.length) {
    const rest = fresh();
    params.push({ type: 'RestElement', argument: rest });
    node.params.slice(plain).forEach((p: Node, i: number) => {
      if (p.type === 'RestElement') bind(p.argument, i === 0 ? { ...rest } : call(id('$$slice'), [{ ...rest }, literal(i)]));
      else bind(p, member({ ...rest }, literal(i)));
    });
  }
  return {
    params,
    fields,
    late: (entry) => {
      for (const step of work) step(entry);
    },
  };
}

/** Does the function itself (or a nested arrow, which then takes the class's environment) read through super? */
const usesSuperProperty = (node: Node): boolean =>
  anyNode(
    [node.body, ...node.params],
    isSuperProperty,
    (n) => n.type === 'FunctionExpression' || n.type === 'FunctionDeclaration',
  );

/** Wraps the body of an async function or async generator into a generator that the runtime drives. */
function drivenFunction(
  node: Node,
  facts: FunctionFacts,
  outer: FunctionContext,
  context: FunctionContext,
  kind: BodyKind,
  params: Node[],
  statements: Node[],
  arrow: boolean,
): Node {
  const generator: Node = {
    type: 'FunctionExpression',
    id: null,
    params: params.map((p) => (p.type === 'RestElement' ? p.argument : p)),
    body: { type: 'BlockStatement', body: statements },
    async: false,
    generator: true,
    expression: false,
    loc: node.loc,
    start: node.start,
  };
  const fid = context.program.newFid(generator, {
    kind: 'body',
    name: node.id?.name ?? '',
    envs: usedEnvironments(generator, outer.envs, outer.program, outer.classEnv),
    classEnv: outer.classEnv,
    strict: facts.strict,
    source: [node.start, node.end],
  });
  const names = params.map((p) => id(p.type === 'RestElement' ? p.argument.name : p.name));
  // With a rest parameter the body receives the rest array as one more plain argument.
  const made =
    facts.usesArguments && !arrow
      ? call(member(generator, 'apply'), [thisValue(), id('arguments')])
      : arrow
        ? call(generator, names)
        : call(member(generator, 'call'), [thisValue(), ...names]);
  const args = [made, literal(fid)];
  if (kind === 'asyncGenerator' && node.params.some((p: Node) => p.type !== 'Identifier')) args.push(literal(true));
  const started = call(id(kind === 'async' ? '$$spawn' : '$$agen'), args);
  return located(
    {
      type: arrow ? 'ArrowFunctionExpression' : 'FunctionExpression',
      id: null,
      params: params.map((p) => ({ ...p })),
      body: { type: 'BlockStatement', body: [returns(started, node)] },
      async: false,
      generator: false,
      expression: false,
    },
    node,
  );
}

/** The value of a parameter with a default, as statements: `if (target === undefined) target = default`. */
export const defaultWhenUndefined = (target: Node, statements: Node[]): Node =>
  when(binary('===', { ...target }, undefinedValue()), { type: 'BlockStatement', body: statements });

export type { FunctionMeta };
