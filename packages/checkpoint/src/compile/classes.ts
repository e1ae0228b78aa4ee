/**
 * Classes stay native classes. What is added: computed keys are kept, so that the class can be evaluated again elsewhere; members are
 * branded when the class is made; a class with private names carries a hook that evaluates code inside its body, and can be
 * constructed without running its author's code (`$$skip`), which is how private fields get onto restored objects.
 *
 *   before:  class A { #n = 0; inc() { return ++this.#n } }
 *   after:   const $e1 = { $class: undefined };
 *            A = $$class(class A { static { $$hook(this, ($c) => eval($c)) } #n = $$skip.on ? undefined : 0; inc() {…} }, 4, $e1, [])
 */
import {
  anyNode,
  array,
  assign,
  block,
  call,
  id,
  isClass,
  isName,
  isSuperProperty,
  literal,
  located,
  member,
  type Node,
  object,
  property,
  returns,
  statement,
  thisValue,
  undefinedValue,
} from './ast.js';
import { envName, FunctionContext, type FunctionMeta, hasCall } from './context.js';
import { keep, lowerExpression } from './expressions.js';
import { lowerFunction, makeEnvironment, usedEnvironments } from './functions.js';
import type { Analysis, FunctionFacts } from './scope.js';
import { hoistFunctions, lowerStatements } from './statements.js';

/** The expression that makes the class; its environment and keys go to `out` first. */
export function lowerClass(node: Node, context: FunctionContext, out: Node[], inferred?: string): Node {
  const name = context.program.names.get(node) ?? inferred;
  const scope = context.scopeOf(node)!;
  const outerEnvs = context.envs;
  const outerClass = context.classEnv;
  const outerHome = context.homeEnv;
  const elements: Node[] = node.body.body;
  const privateNames = privatesOf(elements);
  const readsSuper = elements.some((element) => mentionsSuperProperty(element, context.program.analysis));
  const needsEnv = privateNames.length > 0 || readsSuper;
  if (needsEnv && scope.env === undefined) scope.env = ++context.program.envCount;
  if (scope.env !== undefined) out.push(makeEnvironment(scope, context, [property('$class', undefinedValue())]));
  if (needsEnv) context.classEnv = scope.env;

  const parts = evaluateHead(node, context, out);
  context.homeEnv = undefined;
  const guard = privateNames.some((p) => !p.static);
  const body: Node[] = [];
  if (privateNames.length > 0) body.push(hookBlock());
  const named = node.id && context.bindingOf(node.id);
  const runsStatic = elements.some((e) => e.type === 'StaticBlock' || (e.type === 'PropertyDefinition' && e.static));
  // Static code sees the class by its name, which is otherwise set once the class is made.
  const isHidden = named?.home === 'env' || (named?.home === 'module' && named.out !== named.name);
  if (named && isHidden && runsStatic)
    body.push({ type: 'StaticBlock', body: [statement(assign(context.place(named), thisValue()))] });
  const members: NonNullable<FunctionMeta['members']> = [];
  let constructorSeen = false;
  elements.forEach((element, i) => {
    const key = parts.keys[i];
    if (element.type === 'StaticBlock') body.push(lowerStaticBlock(element, context));
    else if (element.type === 'PropertyDefinition') body.push(lowerField(element, key, context, guard && !element.static));
    else {
      if (element.kind === 'constructor') constructorSeen = true;
      body.push(lowerMethod(element, key, node, context, members, guard, parts.computed));
    }
  });
  void constructorSeen;
  const self = node.type === 'ClassExpression' && node.id ? context.bindingOf(node.id) : undefined;
  const lowered = located(
    {
      type: 'ClassExpression',
      id: node.id ? id(node.id.name) : null,
      superClass: parts.heritage,
      body: { type: 'ClassBody', body },
    },
    node,
  );
  const visible = scope.env !== undefined ? context.envs : usedEnvironments(lowered, context.envs, context.program, outerClass);
  const fid = context.program.newFid(lowered, {
    kind: 'class',
    name: node.id?.name ?? name ?? '',
    envs: visible,
    classEnv: outerClass,
    strict: true,
    source: [node.start, node.end],
    derived: node.superClass !== null && node.superClass !== undefined,
    hasFields: elements.some((e) => e.type === 'PropertyDefinition' && !e.static),
    members,
    privateNames,
  });
  context.program.closureText.set(fid, lowered);
  const evaluated = !node.id && name ? member(object(property(name, lowered)), isName(name) ? name : literal(name)) : lowered;
  const made = call(id('$$class'), [
    evaluated,
    literal(fid),
    visible.length > 0 ? id(envName(visible[0]!)) : undefinedValue(),
    array(...parts.computed.map((k) => ({ ...k }))),
  ]);
  context.envs = outerEnvs;
  context.classEnv = outerClass;
  context.homeEnv = outerHome;
  if (!needsEnv && !self) return made;
  const target = keep({ type: '' }, made, context, out);
  if (needsEnv) out.push(statement(assign(member(id(envName(scope.env!)), '$class'), { ...target })));
  if (self && self.home !== 'native') out.push(statement(assign(context.place(self), { ...target })));
  return { ...target };
}

/** Heritage, then computed keys in order, each in a temporary of its own. */
function evaluateHead(
  node: Node,
  context: FunctionContext,
  out: Node[],
): { heritage: Node | null; keys: (Node | undefined)[]; computed: Node[] } {
  const elements: Node[] = node.body.body;
  const anyKeyCalls = elements.some((e) => e.computed && hasCall(e.key));
  let heritage: Node | null = null;
  if (node.superClass) {
    heritage = lowerExpression(node.superClass, context, out);
    if (anyKeyCalls || heritage.type !== 'Identifier') heritage = keep({ type: '' }, heritage, context, out);
  }
  const computed: Node[] = [];
  const keys = elements.map((e) => {
    if (!e.computed) return undefined;
    const key = keep({ type: '' }, call(id('$$key'), [lowerExpression(e.key, context, out)]), context, out);
    computed.push(key);
    return { ...key };
  });
  return { heritage, keys, computed };
}

const hookBlock = (): Node => ({
  type: 'StaticBlock',
  body: [
    statement(
      call(id('$$hook'), [
        thisValue(),
        {
          type: 'ArrowFunctionExpression',
          params: [id('$c')],
          expression: true,
          async: false,
          generator: false,
          body: call(id('eval'), [id('$c')]),
        },
      ]),
    ),
  ],
});

function privatesOf(elements: Node[]): NonNullable<FunctionMeta['privateNames']> {
  const found = new Map<string, NonNullable<FunctionMeta['privateNames']>[number]>();
  for (const e of elements) {
    if (e.key?.type !== 'PrivateIdentifier') continue;
    const kind = e.type === 'PropertyDefinition' ? 'field' : e.kind === 'method' ? 'method' : 'accessor';
    found.set(e.key.name, { name: e.key.name, kind, static: e.static });
  }
  return [...found.values()];
}

/** The code of a direct eval may. */
const mentionsSuperProperty = (root: Node, { directEvals }: Analysis): boolean =>
  anyNode([root], (node) => isSuperProperty(node) || directEvals.has(node), isClass);

const guarded = (value: Node): Node => ({
  type: 'ConditionalExpression',
  test: member(id('$$skip'), 'on'),
  consequent: undefinedValue(),
  alternate: value,
});

function fieldContext(element: Node, context: FunctionContext): { facts: FunctionFacts; inner: FunctionContext } {
  const facts = context.program.analysis.functions.get(element)!;
  const inner = new FunctionContext(
    context.program,
    facts,
    'sync',
    context,
    context.envs,
    context.classEnv,
    true,
    Boolean(element.static),
    false,
  );
  return { facts, inner };
}

function lowerField(element: Node, key: Node | undefined, context: FunctionContext, guard: boolean): Node {
  const printedKey = key ?? element.key;
  let value: Node | null = null;
  if (element.value) {
    const { facts, inner } = fieldContext(element, context);
    const out: Node[] = [];
    if (facts.scope.env !== undefined) out.push(makeEnvironment(facts.scope, inner, []));
    const name = element.computed
      ? undefined
      : element.key.type === 'PrivateIdentifier'
        ? `#${element.key.name}`
        : String(element.key.name ?? element.key.value);
    const lowered = lowerExpression(element.value, inner, out, name);
    value = out.length === 0 ? lowered : immediately(inner.temps, out, lowered);
    if (guard) value = guarded(value);
  }
  return located(
    { type: 'PropertyDefinition', static: element.static, computed: element.computed, key: printedKey, value },
    element,
  );
}

/** `(() => { …; return value })()`: statements where only an expression may stand. */
function immediately(temps: string[], statements: Node[], value: Node): Node {
  const head: Node[] =
    temps.length === 0
      ? []
      : [
          {
            type: 'VariableDeclaration',
            kind: 'var',
            declarations: temps.map((t) => ({ type: 'VariableDeclarator', id: id(t), init: null })),
          },
        ];
  return call(
    {
      type: 'ArrowFunctionExpression',
      params: [],
      expression: false,
      async: false,
      generator: false,
      body: block([...head, ...statements, returns(value)]),
    },
    [],
  );
}

function lowerStaticBlock(element: Node, context: FunctionContext): Node {
  const { facts, inner } = fieldContext(element, context);
  const out: Node[] = [];
  if (facts.scope.env !== undefined) out.push(makeEnvironment(facts.scope, inner, []));
  hoistFunctions(element.body, facts.scope, inner, out, true);
  lowerStatements(element.body, inner, out);
  if (inner.temps.length > 0)
    out.unshift({
      type: 'VariableDeclaration',
      kind: 'var',
      declarations: inner.temps.map((t) => ({ type: 'VariableDeclarator', id: id(t), init: null })),
    });
  return located({ type: 'StaticBlock', body: out }, element);
}

function lowerMethod(
  element: Node,
  key: Node | undefined,
  owner: Node,
  context: FunctionContext,
  members: NonNullable<FunctionMeta['members']>,
  guard: boolean,
  computed: Node[],
): Node {
  const facts = context.program.analysis.functions.get(element.value)!;
  const isConstructor = element.kind === 'constructor';
  const derived = isConstructor && Boolean(owner.superClass);
  const value = element.value;
  const kind = value.async ? (value.generator ? 'asyncGenerator' : 'async') : value.generator ? 'generator' : 'sync';
  const first: Node[] = [];
  if (isConstructor && guard) first.push(skipPrologue(derived));
  const lowered = lowerFunction(value, facts, context, kind, {
    native: true,
    isStatic: element.static,
    derivedConstructor: derived,
    first,
  });
  const printedKey = key ?? element.key;
  const name = element.computed
    ? ''
    : element.key.type === 'PrivateIdentifier'
      ? `#${element.key.name}`
      : String(element.key.name ?? element.key.value);
  const fid = context.program.newFid(lowered, {
    kind: 'member',
    name,
    envs: context.envs,
    classEnv: context.classEnv,
    strict: true,
    source: [element.start, element.end],
    derived,
  });
  if (element.key.type !== 'PrivateIdentifier')
    members.push({
      fid,
      static: element.static,
      kind: isConstructor ? 'method' : element.kind,
      key: isConstructor ? '%constructor' : element.computed ? computed.findIndex((k) => k.name === key!.name) : name,
    });
  return located(
    {
      type: 'MethodDefinition',
      kind: element.kind,
      static: element.static,
      computed: element.computed,
      key: printedKey,
      value: lowered,
    },
    element,
  );
}

const skipPrologue = (derived: boolean): Node => ({
  type: 'IfStatement',
  test: member(id('$$skip'), 'on'),
  consequent: block([
    ...(derived
      ? [
          statement({
            type: 'CallExpression',
            callee: { type: 'Super' },
            arguments: [member(id('$$skip'), 'target')],
            optional: false,
          }),
        ]
      : []),
    returns(null),
  ]),
  alternate: null,
});
