/**
 * Objects of Node and Intl that keep hidden state but can be made again exactly from what they tell: URL, URLSearchParams,
 * TextEncoder, TextDecoder, DOMException, Intl formatters. Whatever would not come back the same is refused while saving.
 * Asked only for objects that inherit from a prototype the class table calls opaque.
 */
import type { IntrinsicKind, SaveContext } from './kinds.js';
import {
  bare,
  getOwnPropertyDescriptor,
  getOwnPropertySymbols,
  hasOwn,
  type List,
  list,
  ownKeys,
  reflectApply,
  reflectConstruct,
  reflectDefine,
  SafeWeakMap,
  sameValue,
} from './primordials.js';

const UrlOf = URL;
const ParamsOf = URLSearchParams;
const EncoderOf = TextEncoder;
const DecoderOf = TextDecoder;
const get = (prototype: object, key: string) => getOwnPropertyDescriptor(prototype, key)!.get!;
const href = get(URL.prototype, 'href');
const searchParams = get(URL.prototype, 'searchParams');
const paramsText = URLSearchParams.prototype.toString;
const encoderEncoding = get(TextEncoder.prototype, 'encoding');
const decoderEncoding = get(TextDecoder.prototype, 'encoding');
const decoderFatal = get(TextDecoder.prototype, 'fatal');
const decoderIgnoreBom = get(TextDecoder.prototype, 'ignoreBOM');

/** Whether a method or getter with a brand check accepts the object. */
function accepts(method: (...args: never[]) => unknown, value: object): boolean {
  try {
    reflectApply(method, value, []);
    return true;
  } catch {
    return false;
  }
}

function values(...parts: unknown[]): List<unknown> {
  const made = list<unknown>();
  for (let i = 0; i < parts.length; i++) made[i] = parts[i];
  return made;
}

const url: IntrinsicKind = {
  tag: 'URL',
  home: URL.prototype,
  claims: (value) => accepts(href, value),
  // The parameters object made by the first `url.searchParams` stays the same object.
  save: (value, context) => ({
    create: values(reflectApply(href, value, [])),
    fill: values(context.internals.of(value)['#searchParams']),
  }),
  create: (parts) => new UrlOf(parts[0] as string),
  fill: () => undefined,
};

const urlSearchParams: IntrinsicKind = {
  tag: 'URLSearchParams',
  home: URLSearchParams.prototype,
  claims: (value) => accepts(paramsText, value),
  save: (value, context) => ({
    create: values(context.internals.of(value)['#context'] ?? null, reflectApply(paramsText, value, [])),
  }),
  create: (parts) =>
    parts[0] === null ? new ParamsOf(parts[1] as string) : (reflectApply(searchParams, parts[0], []) as object),
};

const textEncoder: IntrinsicKind = {
  tag: 'TextEncoder',
  home: TextEncoder.prototype,
  claims: (value) => accepts(encoderEncoding, value),
  save: () => ({ create: list() }),
  create: () => new EncoderOf(),
};

const textDecoder: IntrinsicKind = {
  tag: 'TextDecoder',
  home: TextDecoder.prototype,
  claims: (value) => accepts(decoderEncoding, value),
  save(value, context) {
    // A UTF-8 decoder that never streamed has no converter; any other keeps undecoded bytes where nobody can read them.
    const symbols = getOwnPropertySymbols(value);
    for (let i = 0; i < symbols.length; i++) {
      const held: unknown = getOwnPropertyDescriptor(value, symbols[i]!)!.value;
      if (typeof held === 'object' && held !== null) context.refuse('a TextDecoder that keeps a converter');
    }
    const encoding = reflectApply(decoderEncoding, value, []);
    return { create: values(encoding, reflectApply(decoderFatal, value, []), reflectApply(decoderIgnoreBom, value, [])) };
  },
  create: (parts) => new DecoderOf(parts[0] as string, bare({ fatal: parts[1] as boolean, ignoreBOM: parts[2] as boolean })),
};

type Formatter = new (locale: string, options: object) => object;

/** Keys and values of an object that the engine made, as a flat list. */
function flatten(options: object): List<unknown> {
  const flat = list<unknown>();
  const keys = ownKeys(options);
  for (let i = 0; i < keys.length; i++) {
    flat[flat.length] = keys[i];
    flat[flat.length] = getOwnPropertyDescriptor(options, keys[i]!)!.value;
  }
  return flat;
}

function unflatten(flat: List<unknown>): { locale: string; options: object } {
  const options: object = bare({});
  for (let i = 1; i < flat.length; i += 2) {
    reflectDefine(options, flat[i] as string, bare({ value: flat[i + 1], writable: true, enumerable: true, configurable: true }));
  }
  return { locale: (getOwnPropertyDescriptor(options, 'locale')?.value as string | undefined) ?? 'und', options };
}

function formatter(name: string, Class: Formatter, resolved: () => object): IntrinsicKind {
  const make = (flat: List<unknown>): object => {
    const { locale, options } = unflatten(flat);
    return reflectConstruct(Class, [locale, options]) as object;
  };
  return {
    tag: `Intl.${name}`,
    home: (Class as unknown as { prototype: object }).prototype,
    claims: (value) => accepts(resolved, value),
    save(value, context) {
      const options = flatten(reflectApply(resolved, value, []) as object);
      const create = values(null);
      for (let i = 0; i < options.length; i++) create[i + 1] = options[i];
      requireSame(options, () => flatten(reflectApply(resolved, make(create), []) as object), name, context);
      return { create };
    },
    create: make,
  };
}

function requireSame(saved: List<unknown>, again: () => List<unknown>, name: string, context: SaveContext): void {
  let made: List<unknown> | undefined;
  try {
    made = again();
  } catch {
    // The options it tells are not options it takes: refused below.
  }
  let same = made !== undefined && made.length === saved.length;
  for (let i = 0; same && i < saved.length; i++) same = sameValue(made![i], saved[i]);
  if (!same) context.refuse(`an Intl.${name} that cannot be made again from its resolved options`);
}

const locale: IntrinsicKind = {
  tag: 'Intl.Locale',
  home: Intl.Locale.prototype,
  claims: (value) => accepts(localeText, value),
  save: (value) => ({ create: values(reflectApply(localeText, value, [])) }),
  create: (parts) => new LocaleOf(parts[0] as string),
};
const LocaleOf = Intl.Locale;
const localeText = Intl.Locale.prototype.toString;

function formatters(): IntrinsicKind[] {
  const made: IntrinsicKind[] = [];
  for (const name of Object.getOwnPropertyNames(Intl)) {
    const Class = getOwnPropertyDescriptor(Intl, name)!.value as { prototype?: { resolvedOptions?: () => object } };
    const resolved = Class?.prototype && hasOwn(Class.prototype, 'resolvedOptions') && Class.prototype.resolvedOptions;
    if (typeof resolved === 'function') made.push(formatter(name, Class as unknown as Formatter, resolved));
  }
  return made;
}

/**
 * A signal comes back as that of a new controller, which is kept beside it in case the guest holds the controller too.
 * Its state and listeners are own properties with symbol keys.
 */
const abortSignal: IntrinsicKind = {
  tag: 'AbortSignal',
  home: AbortSignal.prototype,
  claims: (value) => accepts(signalAborted, value),
  save: () => ({ create: list() }),
  create() {
    const controller = new ControllerOf();
    const signal = reflectApply(controllerSignal, controller, []) as object;
    controllerOf.set(signal, controller);
    return signal;
  },
};

const abortController: IntrinsicKind = {
  tag: 'AbortController',
  home: AbortController.prototype,
  claims: (value) => accepts(controllerSignal, value),
  save: (value) => ({ create: values(reflectApply(controllerSignal, value, [])) }),
  create: (parts) => controllerOf.get(parts[0] as object)!,
};
const ControllerOf = AbortController;
const controllerSignal = get(AbortController.prototype, 'signal');
const signalAborted = get(AbortSignal.prototype, 'aborted');
const controllerOf = new SafeWeakMap<object, object>();

/** Its message and name stand in a table of Node's own; its stack and cause are own properties. */
const domException: IntrinsicKind = {
  tag: 'DOMException',
  home: DOMException.prototype,
  claims: (value) => accepts(exceptionName, value),
  save: (value) => ({ create: values(reflectApply(exceptionMessage, value, []), reflectApply(exceptionName, value, [])) }),
  create: (parts) => new ExceptionOf(parts[0] as string, parts[1] as string),
};
const ExceptionOf = DOMException;
const exceptionMessage = get(DOMException.prototype, 'message');
const exceptionName = get(DOMException.prototype, 'name');

export const webKinds: readonly IntrinsicKind[] = [
  domException,
  abortController,
  abortSignal,
  url,
  urlSearchParams,
  textEncoder,
  textDecoder,
  locale,
  ...formatters(),
];
