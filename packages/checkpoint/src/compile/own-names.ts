/**
 * Pass "own names": gives functions and classes back the name that esbuild took from them because an outer variable has it too, where nothing
 * in between means that variable. Else each closure is named by a call when it is made, which takes fifty times as long as making it.
 *
 *   before:  var next = __name(function next2() { … next2() … }, "next");      function f() { function g2() {} __name(g2, "g"); … g2() … }
 *   after:   var next = __name(function next() { … next() … }, "next");        function f() { function g() {} __name(g, "g"); … g() … }
 *
 * The calls are taken out by the pass "names". At the outermost level the names stay as they are: what runs once costs nothing.
 */
import { isClass, isFunction, isLeaf, type Node } from './ast.js';
import { isNameCall } from './names.js';

/** `name` was `given`; it has a meaning in `region` only. */
interface Renamed {
  readonly name: string;
  readonly given: string;
  readonly region: Node;
}

export function giveNamesBack(program: Node): void {
  const renamed = renamedIn(program);
  if (renamed.length === 0) return;
  const mentions = mentionsOf(program, new Set(renamed.flatMap(({ name, given }) => [name, given])));
  // Innermost first: they are made most often.
  renamed.sort((a, b) => a.region.end - a.region.start - (b.region.end - b.region.start));
  for (const { name, given, region } of renamed) {
    const taken = mentions.get(given) ?? [];
    if (within(taken, region).length > 0) continue;
    const own = within(mentions.get(name) ?? [], region);
    if (own.some(({ isShorthand }) => isShorthand)) continue;
    for (const mention of own) mention.node.name = given;
    mentions.set(given, [...taken, ...own].sort(byPlace));
    mentions.set(
      name,
      mentions.get(name)!.filter((mention) => mention.node.name === name),
    );
  }
}

/** What esbuild calls `next2` was `next`. */
function wasGiven(name: string, given: unknown): given is string {
  if (typeof given !== 'string' || given === '' || given === 'eval' || given === 'arguments') return false;
  return name !== given && name.startsWith(given) && /^\d+$/.test(name.slice(given.length));
}

function renamedIn(program: Node): Renamed[] {
  const found: Renamed[] = [];
  const note = (id: Node | null | undefined, given: unknown, region: Node | undefined): void => {
    if (id && region && wasGiven(id.name, given)) found.push({ name: id.name, given, region });
  };
  const work: { node: Node; region: Node | undefined }[] = [{ node: program, region: undefined }];
  for (let item = work.pop(); item; item = work.pop()) {
    const { node, region } = item;
    if (isNameCall(node)) {
      const [target, { value }] = node.arguments;
      if (target.type === 'Identifier') note(target, value, region);
      else if (isFunction(target) || isClass(target)) note(target.id, value, target);
    } else if (isClass(node)) {
      const call = node.body.body.find((element: Node) => element.type === 'StaticBlock')?.body[0]?.expression;
      if (isNameCall(call) && call.arguments[0].type === 'ThisExpression')
        note(node.id, call.arguments[1].value, node.type === 'ClassExpression' ? node : region);
    }
    const inner = isFunction(node) || node.type === 'StaticBlock' ? node : region;
    eachChild(node, (child) => work.push({ node: child, region: inner }));
  }
  return found;
}

interface Mention {
  readonly node: Node;
  readonly isShorthand: boolean;
}

const byPlace = (a: Mention, b: Mention): number => a.node.start - b.node.start;

/** Where variables of these names are named, in the order of the text. */
function mentionsOf(program: Node, names: ReadonlySet<string>): Map<string, Mention[]> {
  const found = new Map<string, Mention[]>();
  const work: { node: Node; isShorthand: boolean }[] = [{ node: program, isShorthand: false }];
  for (let item = work.pop(); item; item = work.pop()) {
    const { node } = item;
    if (node.type === 'Identifier' && names.has(node.name)) {
      const list = found.get(node.name);
      if (list) list.push(item);
      else found.set(node.name, [item]);
    }
    const isShorthand = node.type === 'Property' && node.shorthand === true;
    eachChild(node, (child, key) => {
      if (!isProperty(node, key)) work.push({ node: child, isShorthand: isShorthand || (item.isShorthand && key === 'left') });
    });
  }
  for (const list of found.values()) list.sort(byPlace);
  return found;
}

/** Is this child a name of a property or a label, and of no variable? */
const isProperty = (node: Node, key: string): boolean =>
  !node.computed && (key === 'property' || (key === 'key' && node.type !== 'ImportAttribute') || key === 'label');

/** Those in a node's text. */
function within(mentions: readonly Mention[], { start, end }: Node): Mention[] {
  let [low, high] = [0, mentions.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (mentions[middle]!.node.start < start) low = middle + 1;
    else high = middle;
  }
  let last = low;
  while (last < mentions.length && mentions[last]!.node.start < end) last++;
  return mentions.slice(low, last);
}

function eachChild(node: Node, visit: (child: Node, key: string) => void): void {
  if (isLeaf(node)) return;
  for (const key in node) {
    const value = node[key];
    if (typeof value !== 'object' || value === null || key === 'loc') continue;
    if (Array.isArray(value)) {
      for (const item of value) if (typeof item?.type === 'string') visit(item, key);
    } else if (typeof value.type === 'string') visit(value, key);
  }
}
