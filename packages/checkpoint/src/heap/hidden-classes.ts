/**
 * Recognising objects by V8's hidden class: an object with the hidden class of one that was checked property by property has the
 * same prototype, keys, attributes and extensibility, no accessor the other lacks, and the same kind of elements. That turns a
 * check of 300 ns an object into one of 6.
 * The comparison is V8's %HaveSameMap, compiled while the natives syntax is switched on for an instant and anew for each capture
 * (old bytecode may be flushed, and could not be compiled again). Where V8 refuses it, everything is checked the slow way.
 * What a hidden class does not say: indexed properties, and the keys of dictionary-mode objects. The former are looked at every
 * time, the latter never become examples.
 */
import { type List, list, preventExtensions } from './primordials.js';
import type { Shape } from './shapes.js';
import { withNatives } from './v8-natives.js';

/** An object that was checked whole, and what follows for its like. */
export interface Example {
  object: object;
  /** The shape of a plain object; undefined for arrays. */
  shape: Shape | undefined;
  /** Arrays: whether elements may be missing. */
  holey: boolean;
  /** Arrays: the site of their elements. */
  elementSite: number;
  count: { objects: number; bytes: number };
}

/** A place in the graph (a key of a shape, the elements of a kind of array) and the examples met there, in order of use. */
interface Site {
  readonly examples: List<Example>;
  elements: number;
}

/** What V8 says of hidden classes. */
export interface HiddenClassOracle {
  /** Whether both have the same one. Touches nothing, not even a proxy. */
  readonly same: (a: object, b: object) => boolean;
  readonly layout: (object: object) => number;
}

const layoutFast = 1;
const layoutDictionaryElements = 2;
const layoutHoley = 4;
/** Sites of one image; later places share the first one, where examples are found less often. */
const siteLimit = 1 << 16;
/** Hidden classes that one site tells apart. */
const examplesPerSite = 4;
const FunctionOf = Function;

/** Examples by site. Site 0 is "anywhere". */
export class HiddenClasses {
  readonly #same: HiddenClassOracle['same'] | undefined;
  readonly #layout: HiddenClassOracle['layout'] | undefined;
  readonly #sites: List<Site> = list();

  constructor(oracle: HiddenClassOracle | undefined) {
    this.#same = oracle?.same;
    this.#layout = oracle?.layout;
    this.newSites(1);
  }

  /** Numbers for `count` new sites, of which the first is returned. */
  newSites(count: number): number {
    const first = this.#sites.length;
    if (first + count > siteLimit) return 0;
    for (let i = 0; i < count; i++) this.#sites[first + i] = { examples: list(), elements: 0 };
    return first;
  }

  /** The site of the elements of arrays met at a site. */
  elementsOf(siteNumber: number): number {
    const site = this.#sites[siteNumber]!;
    if (site.elements === 0) site.elements = this.newSites(1);
    return site.elements;
  }

  /** An example with the hidden class of `object`, if one was met at this site. Touches nothing, not even a proxy. */
  match(object: object, siteNumber: number): Example | undefined {
    const same = this.#same;
    if (same === undefined) return undefined;
    const { examples } = this.#sites[siteNumber]!;
    for (let i = 0; i < examples.length; i++) {
      const example = examples[i]!;
      if (!same(object, example.object)) continue;
      if (i > 0) {
        // One step towards the front: what is met often is found first.
        examples[i] = examples[i - 1]!;
        examples[i - 1] = example;
      }
      return example;
    }
    return undefined;
  }

  /** Whether all elements of an extensible array are plain data properties; false: unknown. */
  hasPlainElements(array: object): boolean {
    return isFast(this.#layoutOf(array));
  }

  /** Remembers a plain object or array that was checked whole. */
  learn(object: object, siteNumber: number, shape: Shape | undefined, count: Example['count']): Example | undefined {
    const layout = this.#layoutOf(object);
    if (!isFast(layout)) return undefined;
    const { examples } = this.#sites[siteNumber]!;
    const at = examples.length < examplesPerSite ? examples.length : examplesPerSite - 1;
    const elementSite = shape ? 0 : this.elementsOf(siteNumber);
    const example = { object, shape, holey: (layout & layoutHoley) !== 0, elementSite, count };
    examples[at] = example;
    return example;
  }

  #layoutOf(object: object): number {
    try {
      return this.#layout?.(object) ?? 0;
    } catch {
      // V8 threw the oracle's bytecode away: this object's like is checked the slow way.
      return 0;
    }
  }
}

/** Fast properties, and elements that cannot have attributes of their own. */
function isFast(layout: number): boolean {
  return (layout & layoutFast) !== 0 && (layout & layoutDictionaryElements) === 0;
}

/** Asks V8; undefined where it refuses. To be asked anew for each capture, and once for all that the capture does. */
export function hiddenClassOracle(): HiddenClassOracle | undefined {
  return withNatives(() => {
    const same = new FunctionOf('a', 'b', 'return %HaveSameMap(a, b);') as HiddenClassOracle['same'];
    const layout = new FunctionOf(
      'o',
      `return (%HasFastProperties(o) ? ${layoutFast} : 0) | (%HasDictionaryElements(o) ? ${layoutDictionaryElements} : 0)
        | (%HasHoleyElements(o) ? ${layoutHoley} : 0);`,
    ) as HiddenClassOracle['layout'];
    // It is also the proof that the oracle tells hidden classes apart.
    const one = { a: 1 };
    const works = same(one, { a: 1 }) && !same(one, { b: 1 }) && !same(one, preventExtensions({ a: 1 }));
    return works && layout(one) & layoutFast && layout([]) === layoutFast ? { same, layout } : undefined;
  });
}
