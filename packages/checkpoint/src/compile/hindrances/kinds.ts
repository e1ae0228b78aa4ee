/** What an expression is seen to give, where its text says so: a list, a text, an iterator of one. Anything else is unknown, and unknown is not reported. */
import { isFunction, type Node } from '../ast.js';
import { nameOfMember, type ProgramText } from './text.js';

/** `listIterator`: one of an array, string, typed array or of matches, held by V8. `collectionIterator`: of a Map or Set. `generator`: a guest's. */
export type Kind =
  | 'array'
  | 'string'
  | 'typedArray'
  | 'map'
  | 'set'
  | 'listIterator'
  | 'collectionIterator'
  | 'generator'
  | undefined;

const typedArray = /^((Big)?(Uint|Int)(8|16|32|64)|Float(16|32|64)|Uint8Clamped)Array$/;
const givesArray = /^Object\.(keys|values|entries|getOwnPropertyNames)$|^Array\.(from|of)$/;
const sameKind = /^(map|filter|slice|subarray|concat|reverse|sort|fill|toSorted|toReversed|with|flat|flatMap|splice)$/;
/** Names followed through at most so many. */
const mostSteps = 12;

export function kindOf(node: Node, text: ProgramText, steps = 0): Kind {
  if (steps > mostSteps) return undefined;
  switch (node.type) {
    case 'ArrayExpression':
      return 'array';
    case 'TemplateLiteral':
      return 'string';
    case 'Literal':
      return typeof node.value === 'string' ? 'string' : undefined;
    case 'NewExpression':
      return ofConstruction(node.callee, text);
    case 'CallExpression':
      return ofCall(node, text, steps + 1);
    case 'Identifier': {
      const value = text.valueOf(node);
      return value && kindOf(value, text, steps + 1);
    }
    case 'MemberExpression':
      return ofAll(text.fieldValues(node), text, steps + 1);
  }
  return undefined;
}

function ofAll(values: readonly Node[], text: ProgramText, steps: number): Kind {
  const [first, ...others] = values.map((value) => kindOf(value, text, steps));
  return others.every((kind) => kind === first) ? first : undefined;
}

function ofConstruction(callee: Node, text: ProgramText): Kind {
  if (!text.isGlobal(callee)) return undefined;
  if (callee.name === 'Array') return 'array';
  if (callee.name === 'Map') return 'map';
  if (callee.name === 'Set') return 'set';
  return typedArray.test(callee.name) ? 'typedArray' : undefined;
}

function ofCall({ callee, arguments: given }: Node, text: ProgramText, steps: number): Kind {
  const target = isFunction(callee) ? callee : callee.type === 'Identifier' ? text.valueOf(callee) : text.methodOf(callee);
  if (target && isFunction(target)) return target.generator && !target.async ? 'generator' : undefined;
  if (callee.type !== 'MemberExpression') return undefined;
  const { object } = callee;
  if (isSymbolIterator(callee)) return iteratorOf(kindOf(object, text, steps));
  const name = nameOfMember(callee);
  if (name === undefined) return undefined;
  if (text.isGlobal(object)) {
    if (givesArray.test(`${object.name}.${name}`)) return 'array';
    if (/^(from|of)$/.test(name) && typedArray.test(object.name)) return 'typedArray';
    if (object.name === 'Buffer' && /^(from|alloc|allocUnsafe|concat)$/.test(name)) return 'typedArray';
  }
  if (name === 'matchAll') return 'listIterator';
  if (name === 'split' && given.length > 0) return 'array';
  const kind = kindOf(object, text, steps);
  if (/^(values|keys|entries)$/.test(name) && given.length === 0) return iteratorOf(kind);
  return sameKind.test(name) && (kind === 'array' || kind === 'typedArray') ? kind : undefined;
}

/** `x[Symbol.iterator]` */
const isSymbolIterator = ({ computed, property }: Node): boolean =>
  computed && property.type === 'MemberExpression' && property.object.name === 'Symbol' && property.property.name === 'iterator';

function iteratorOf(kind: Kind): Kind {
  if (kind === 'map' || kind === 'set') return 'collectionIterator';
  return kind === 'array' || kind === 'string' || kind === 'typedArray' ? 'listIterator' : undefined;
}
