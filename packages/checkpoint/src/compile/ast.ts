/**
 * ESTree nodes as the passes see them, and the builders that make new ones.
 * Facts about nodes live in side tables (see scope.ts), never on the nodes themselves; a new node that
 * stands for an author's node carries its `loc` and `start` so that the source map can point back.
 */

// biome-ignore lint/suspicious/noExplicitAny: ESTree nodes are open records; the passes dispatch on `type`, and a test parses again what they print.
export type Node = any;

export const id = (name: string, from?: Node): Node => located({ type: 'Identifier', name }, from);
export const literal = (value: string | number | boolean | null): Node => ({
  type: 'Literal',
  value,
  raw: JSON.stringify(value),
});
export const undefinedValue = (): Node => ({ type: 'UnaryExpression', operator: 'void', prefix: true, argument: literal(0) });
export const thisValue = (): Node => ({ type: 'ThisExpression' });
export const isName = (text: string): boolean => /^[A-Za-z_$][\w$]*$/.test(text);

export const member = (object: Node, property: string | Node, from?: Node): Node => {
  if (typeof property !== 'string')
    return located({ type: 'MemberExpression', object, property, computed: true, optional: false }, from);
  if (isName(property))
    return located({ type: 'MemberExpression', object, property: id(property), computed: false, optional: false }, from);
  return located({ type: 'MemberExpression', object, property: literal(property), computed: true, optional: false }, from);
};
export const call = (callee: Node, args: Node[], from?: Node): Node =>
  located({ type: 'CallExpression', callee, arguments: args, optional: false }, from);
export const assign = (left: Node, right: Node, operator = '=', from?: Node): Node =>
  located({ type: 'AssignmentExpression', operator, left, right }, from);
export const not = (argument: Node): Node => ({ type: 'UnaryExpression', operator: '!', prefix: true, argument });
export const binary = (operator: string, left: Node, right: Node): Node => ({ type: 'BinaryExpression', operator, left, right });
export const logical = (operator: string, left: Node, right: Node): Node => ({
  type: 'LogicalExpression',
  operator,
  left,
  right,
});
export const sequence = (...expressions: Node[]): Node => ({ type: 'SequenceExpression', expressions });
export const property = (key: string | Node, value: Node): Node => ({
  type: 'Property',
  kind: 'init',
  method: false,
  shorthand: false,
  computed: typeof key !== 'string',
  key: typeof key === 'string' ? (isName(key) && key !== '__proto__' ? id(key) : literal(key)) : key,
  value,
});
export const object = (...properties: Node[]): Node => ({ type: 'ObjectExpression', properties });
export const array = (...elements: Node[]): Node => ({ type: 'ArrayExpression', elements });

export const statement = (expression: Node, from?: Node): Node =>
  located({ type: 'ExpressionStatement', expression }, from ?? expression);
export const block = (body: Node[], from?: Node): Node => located({ type: 'BlockStatement', body }, from);
export const returns = (argument: Node | null, from?: Node): Node => located({ type: 'ReturnStatement', argument }, from);
export const throws = (argument: Node, from?: Node): Node => located({ type: 'ThrowStatement', argument }, from);
export const when = (test: Node, consequent: Node, alternate: Node | null = null): Node => ({
  type: 'IfStatement',
  test,
  consequent,
  alternate,
});
export const labeled = (label: string, body: Node): Node => ({ type: 'LabeledStatement', label: id(label), body });
export const breaks = (label: string | null): Node => ({ type: 'BreakStatement', label: label === null ? null : id(label) });
export const continues = (label: string | null): Node => ({
  type: 'ContinueStatement',
  label: label === null ? null : id(label),
});
export const declare = (kind: 'var' | 'let' | 'const', name: string | Node, init: Node | null, from?: Node): Node =>
  located(
    {
      type: 'VariableDeclaration',
      kind,
      declarations: [{ type: 'VariableDeclarator', id: typeof name === 'string' ? id(name) : name, init }],
    },
    from,
  );
export const forever = (body: Node[], from?: Node): Node =>
  located({ type: 'ForStatement', init: null, test: null, update: null, body: block(body) }, from);

/** Copies the author's position onto a node that stands for `from`. */
export function located(node: Node, from?: Node): Node {
  if (from?.loc) {
    node.loc = from.loc;
    node.start = from.start;
  }
  return node;
}

export const isFunction = (node: Node): boolean =>
  node.type === 'FunctionExpression' || node.type === 'FunctionDeclaration' || node.type === 'ArrowFunctionExpression';
/** A function with `this` and `arguments` of its own, where it is no method. */
export const isOwnFunction = (node: Node): boolean => node.type === 'FunctionExpression' || node.type === 'FunctionDeclaration';
export const isClass = (node: Node): boolean => node.type === 'ClassExpression' || node.type === 'ClassDeclaration';
/** A loop that counts or tests; its statement is a safepoint itself. */
export const isPlainLoop = (node: Node): boolean =>
  node.type === 'ForStatement' || node.type === 'WhileStatement' || node.type === 'DoWhileStatement';
export const isLoop = (node: Node): boolean =>
  isPlainLoop(node) || node.type === 'ForInStatement' || node.type === 'ForOfStatement';
/** Half of all nodes, and with no nodes below them. */
export const isLeaf = (node: Node): boolean => node.type === 'Identifier' || node.type === 'Literal';

/** The child nodes of a node, in the order of its keys; added to `found`. */
export function childNodes(node: Node, found: Node[] = []): Node[] {
  someChild(node, (child) => {
    found.push(child);
    return false;
  });
  return found;
}

/** Is there a child node that matches? Asked in the order of the node's keys. */
export function someChild(node: Node, matches: (child: Node) => boolean): boolean {
  if (isLeaf(node)) return false;
  // V8 has the keys of a hidden class ready for this loop; most values are no objects.
  for (const key in node) {
    const value = node[key];
    if (typeof value !== 'object' || value === null || key === 'loc' || key === 'origin') continue;
    if (Array.isArray(value)) {
      for (let i = 0; i < value.length; i++) if (typeof value[i]?.type === 'string' && matches(value[i])) return true;
    } else if (typeof value.type === 'string' && matches(value)) return true;
  }
  return false;
}

/** The child nodes of a node, in source order for every type whose order matters here. */
export function children(node: Node): Node[] {
  const found = childNodes(node);
  // ESTree keeps the discriminant of do-while and the key of fields in an order that differs from the text.
  if (node.start !== undefined && found.every((child) => child.start !== undefined)) found.sort((a, b) => a.start - b.start);
  return found;
}

/** The key of a member, if it is a text that stands there. */
export function keyOfMember({ computed, property }: Node): string | undefined {
  if (!computed) return property.name;
  return typeof property.value === 'string' ? property.value : undefined;
}

export const isSuperProperty = (node: Node): boolean => node.type === 'MemberExpression' && node.object.type === 'Super';

/** Whether any node at or below the roots matches. What lies below a node that is closed is not looked at. No recursion. */
export function anyNode(roots: readonly Node[], matches: (node: Node) => boolean, isClosed?: (node: Node) => boolean): boolean {
  const work = [...roots];
  for (let node = work.pop(); node; node = work.pop()) {
    if (matches(node)) return true;
    if (!isClosed?.(node)) childNodes(node, work);
  }
  return false;
}

/** Visits each node at and below the root, in no particular order, but nothing below a node that is closed. */
export function eachNode(root: Node, visit: (node: Node) => void, isClosed?: (node: Node) => boolean): void {
  anyNode(
    [root],
    (node) => {
      visit(node);
      return false;
    },
    isClosed,
  );
}

/** Makes a node another that holds what it was, in its place. */
export function putAround(node: Node, around: (inner: Node) => Node): void {
  const inner = { ...node };
  for (const key in node) delete node[key];
  Object.assign(node, located(around(inner), inner), { end: inner.end });
}

/** The names that a binding pattern declares, as Identifier nodes. */
export function patternNames(pattern: Node, found: Node[] = []): Node[] {
  switch (pattern?.type) {
    case 'Identifier':
      found.push(pattern);
      break;
    case 'ObjectPattern':
      for (const item of pattern.properties) patternNames(item.type === 'RestElement' ? item.argument : item.value, found);
      break;
    case 'ArrayPattern':
      for (const item of pattern.elements) if (item) patternNames(item, found);
      break;
    case 'AssignmentPattern':
      patternNames(pattern.left, found);
      break;
    case 'RestElement':
      patternNames(pattern.argument, found);
      break;
  }
  return found;
}

export const unary = (operator: string, argument: Node): Node => ({ type: 'UnaryExpression', operator, prefix: true, argument });
