/**
 * Temporal dead zones of variables that closures capture. Such a variable is a property or a module variable, so V8 does not check it;
 * here it is proven for nearly every use that its declaration has run. What is left is checked where it is used, as V8 itself would do.
 * V8 checks the others, but forgets it when a frame is captured; of these a use before the declaration is printed as the error it is.
 *
 * A use is proven when it stands behind the declaration, directly or in a function that is made there. A function that exists earlier (a
 * declaration, `const f = () => …` further up, a method of a class further up) cannot have been called when nothing mentions it before.
 *
 *   before:  const f = () => x; g(f); let x = 1; h(f)
 *   after:   $e1 = { x: $$hole }; f = () => $e1.x === $$hole ? $$unset('x') : $e1.x; g(f); $e1.x = 1; h(f)
 */
import { eachNode, isClass, isFunction, type Node, patternNames } from './ast.js';
import type { Binding, FunctionFacts, Scope } from './scope.js';

/** One use of a name. */
export interface Mention {
  node: Node;
  scope: Scope;
}

export interface DeadZones {
  /** Bindings that begin as `$$hole`. */
  unset: Set<Binding>;
  /** Identifiers whose binding may not have been initialised yet. */
  checked: Set<Node>;
  /** Of these: in the code of the declaration's own function and before it. They always throw. */
  early: Set<Node>;
}

/** The code of a direct eval may use what is around it at any time: nothing is proven of that. */
export interface EvalScopes {
  /** Scopes around direct evals of this program. */
  seen: ReadonlySet<Scope>;
  /** The scope around this program, if it is the code of a direct eval. */
  around: Scope | undefined;
}

/** Where a binding's declaration begins and has run. */
interface Declared {
  binding: Binding;
  start: number;
  end: number;
  /** Is it initialised by nothing before `end`? Of a pattern some names are. */
  isWhole: boolean;
}

export function findDeadZones(
  program: Node,
  references: ReadonlyMap<Node, Binding>,
  mentions: ReadonlyMap<Binding, readonly Mention[]>,
  { seen, around }: EvalScopes,
): DeadZones {
  const { declared, names, carriers } = declarationsOf(program, references);
  const found: DeadZones = { unset: new Set(), checked: new Set(), early: new Set() };
  for (const one of declared) {
    const { binding } = one;
    for (const { node, scope } of mentions.get(binding) ?? []) {
      if (names.has(node) || scope.owner !== binding.scope.owner) continue;
      if (node.start < one.start || (one.isWhole && node.start < one.end)) {
        found.checked.add(node);
        found.early.add(node);
      }
    }
    if (!binding.captured || (binding.home !== 'env' && binding.home !== 'module')) continue;
    if (seen.has(binding.scope)) found.unset.add(binding);
    const proof = new Proof(one, mentions, names, carriers);
    for (const mention of mentions.get(binding) ?? [])
      if (!names.has(mention.node) && !proof.isProven(mention)) {
        found.unset.add(binding);
        found.checked.add(mention.node);
      }
  }
  for (const [binding, uses] of around ? mentions : [])
    if (/^(let|const|class)$/.test(binding.kind) && isWithin(around!, binding.scope))
      for (const { node } of uses) found.checked.add(node);
  return found;
}

/** Lexical declarations of statement lists; those of loops' heads and of switches begin with a value. */
function declarationsOf(program: Node, references: ReadonlyMap<Node, Binding>) {
  const declared: Declared[] = [];
  const names = new Set<Node>();
  /** What must be mentioned for a function to be called. */
  const carriers = new Map<Node, Binding>();
  const carry = (value: Node | null | undefined, binding: Binding | undefined): void => {
    if (!value || !binding) return;
    if (isFunction(value)) carriers.set(value, binding);
    else if (isClass(value))
      for (const element of value.body.body) {
        if (element.static && element.type !== 'MethodDefinition') continue;
        carriers.set(element.type === 'PropertyDefinition' ? element : (element.value ?? element), binding);
      }
  };
  const list = (statements: readonly Node[]): void => {
    for (const raw of statements) {
      const s = raw.declaration ?? raw;
      if (s.type === 'ClassDeclaration' && s.id) {
        const binding = references.get(s.id);
        if (binding?.kind === 'class') declared.push({ binding, start: s.start, end: s.end, isWhole: false });
      } else if (s.type === 'VariableDeclaration' && s.kind !== 'var')
        for (const d of s.declarations)
          for (const n of patternNames(d.id)) {
            const binding = references.get(n);
            if (binding) declared.push({ binding, start: d.start, end: d.end, isWhole: d.id.type === 'Identifier' });
          }
    }
  };
  eachNode(program, (node) => {
    if (node.type === 'Program' || node.type === 'BlockStatement' || node.type === 'StaticBlock') list(node.body);
    else if (node.type === 'VariableDeclarator') {
      for (const n of patternNames(node.id)) names.add(n);
      if (node.id.type === 'Identifier') carry(node.init, references.get(node.id));
    } else if ((node.type === 'FunctionDeclaration' || isClass(node)) && node.id) {
      names.add(node.id);
      if (node.type !== 'ClassExpression') carry(node, references.get(node.id));
    }
  });
  return { declared, names, carriers };
}

class Proof {
  private readonly early = new Map<Binding, boolean>();

  constructor(
    private readonly declared: Declared,
    private readonly mentions: ReadonlyMap<Binding, readonly Mention[]>,
    private readonly names: ReadonlySet<Node>,
    private readonly carriers: ReadonlyMap<Node, Binding>,
  ) {}

  /** Does this use run only after the declaration? */
  isProven({ node, scope }: Mention): boolean {
    const { binding, start, end } = this.declared;
    const outermost = functionBetween(scope, binding.scope);
    if (outermost === undefined) return node.start >= end;
    // A class's members see it whole.
    if (binding.kind === 'class' && outermost.node.start > start && outermost.node.start < end) return true;
    return !this.existsEarly(outermost);
  }

  /** Can this function run before the declaration has? */
  private existsEarly({ node }: FunctionFacts): boolean {
    const { binding, end } = this.declared;
    const carrier = this.carriers.get(node);
    if (node.type !== 'FunctionDeclaration' && node.start >= end) return false;
    if (carrier === undefined) return true;
    const inside = carrier.scope !== binding.scope && isWithin(carrier.scope, binding.scope);
    if (inside && carrier.scope.node.start >= end) return false;
    return this.isMentionedEarly(carrier);
  }

  private isMentionedEarly(carrier: Binding): boolean {
    const known = this.early.get(carrier);
    if (known !== undefined) return known;
    this.early.set(carrier, false); // while it is looked at: a function's mention of itself says nothing
    const { binding, end } = this.declared;
    let found = !isWithin(carrier.scope, binding.scope);
    for (const { node, scope } of found ? [] : (this.mentions.get(carrier) ?? [])) {
      if (this.names.has(node)) continue;
      const outermost = functionBetween(scope, binding.scope);
      if (outermost === undefined ? node.start < end : this.existsEarly(outermost)) {
        found = true;
        break;
      }
    }
    this.early.set(carrier, found);
    return found;
  }
}

/** The outermost function between a scope and the function of an outer one. */
export function functionBetween(scope: Scope, outer: Scope): FunctionFacts | undefined {
  let outermost: FunctionFacts | undefined;
  for (let f: FunctionFacts | undefined = scope.owner; f && f !== outer.owner; f = f.parent) outermost = f;
  return outermost;
}

function isWithin(scope: Scope, outer: Scope): boolean {
  for (let s: Scope | undefined = scope; s; s = s.parent) if (s === outer) return true;
  return false;
}
