/**
 * Small programs over `events`, for comparing two implementations: each gets the module and a `log`, and may be asynchronous.
 * What it throws is logged too, with its code.
 */
import { inspect } from 'node:util';

const swallow = (log, run) => {
  try {
    log(run());
  } catch (error) {
    log(error.name, error.code, error.message, String(error));
  }
};
const turn = () => new Promise((resolve) => setImmediate(resolve));

export const programs = {
  'listeners are called in order with this and arguments'(EventEmitter, log) {
    const e = new EventEmitter();
    e.on('a', function (...args) {
      log(1, this === e, args);
    });
    e.addListener('a', (...args) => log(2, args));
    e.prependListener('a', (...args) => log(0, args));
    log(e.emit('a', 1, 'two', null), e.emit('a'), e.emit('b'));
  },
  'once is called once, and may be removed by its listener'(EventEmitter, log) {
    const e = new EventEmitter();
    const f = (x) => log('f', x);
    e.once('a', f).prependOnceListener('a', (x) => log('first', x));
    log(
      e.listenerCount('a'),
      e.listeners('a').length,
      e.rawListeners('a').map((w) => typeof w.listener),
    );
    e.emit('a', 1);
    e.emit('a', 2);
    e.once('a', f).off('a', f);
    e.emit('a', 3);
    const [wrapped] = e.once('b', f).rawListeners('b');
    log(wrapped.name, wrapped.length, wrapped(7), e.listenerCount('b'), wrapped(8));
  },
  'listeners added or removed while emitting wait for the next emit'(EventEmitter, log) {
    const e = new EventEmitter();
    const later = () => log('later');
    const second = () => log('second');
    e.on('a', () => {
      log('first');
      e.on('a', later);
      e.off('a', second);
    });
    e.on('a', second);
    e.emit('a');
    e.emit('a');
  },
  'newListener and removeListener'(EventEmitter, log) {
    const e = new EventEmitter();
    const f = () => {};
    e.on('newListener', (name, listener) => log('new', name, listener === f));
    e.on('removeListener', (name, listener) => log('removed', name, listener === f));
    e.on('a', f);
    e.once('a', f);
    e.once('b', f);
    e.emit('b');
    e.removeListener('a', f);
    e.removeAllListeners('a');
    e.on('c', f)
      .on('d', f)
      .on('d', () => {});
    e.removeAllListeners();
    log(e.eventNames());
  },
  'counts, names, symbols'(EventEmitter, log) {
    const e = new EventEmitter();
    const s = Symbol('s');
    const f = () => {};
    e.on('x', f).on(s, f).on('x', f).once('x', f);
    log(e.eventNames(), e.listenerCount('x'), e.listenerCount('x', f), e.listenerCount(s), e.listenerCount('none'));
    log(EventEmitter.listenerCount(e, 'x'), EventEmitter.getEventListeners(e, 'x').length);
    e.off('x', f).off('x', f);
    log(
      e.listenerCount('x', f),
      e.listenerCount('x', () => {}),
    );
    e.removeAllListeners('x').removeAllListeners('none');
    log(e.eventNames(), e._eventsCount);
  },
  'errors without a listener'(EventEmitter, log) {
    const e = new EventEmitter();
    swallow(log, () => e.emit('error', new RangeError('mine')));
    swallow(log, () => e.emit('error', { a: 1, b: { c: [] } }));
    swallow(log, () => e.emit('error', 'text'));
    swallow(log, () => e.emit('error'));
    swallow(log, () => e.emit('error', undefined));
    try {
      e.emit('error', { context: 1 });
    } catch (error) {
      log(error.context, Object.keys(error));
    }
    e.on(EventEmitter.errorMonitor, (error) => log('monitor', error.message));
    swallow(log, () => e.emit('error', new Error('seen')));
    e.on('error', (error) => log('heard', error.message));
    log(e.emit('error', new Error('again')));
  },
  'wrong arguments'(EventEmitter, log) {
    const e = new EventEmitter();
    for (const bad of [
      undefined,
      null,
      1,
      -0,
      NaN,
      'text',
      "it's",
      'x'.repeat(40),
      {},
      [],
      Symbol('q'),
      5n,
      true,
      new Map(),
      Object.create(null),
    ]) {
      for (const name of ['on', 'once', 'prependListener', 'prependOnceListener', 'off']) swallow(log, () => e[name]('a', bad));
    }
    for (const bad of [-1, NaN, '1', undefined, null, Infinity, 2.5]) {
      swallow(log, () => e.setMaxListeners(bad) === e);
      swallow(log, () => EventEmitter.setMaxListeners(bad, e));
    }
    swallow(log, () => {
      EventEmitter.defaultMaxListeners = -1;
    });
    swallow(log, () => EventEmitter.setMaxListeners(1, {}));
    swallow(log, () => new EventEmitter({ captureRejections: 1 }));
    swallow(log, () => EventEmitter.getMaxListeners({}));
    swallow(log, () => EventEmitter.getEventListeners({}, 'a'));
    swallow(log, () => EventEmitter.on({}, 'a'));
    swallow(log, () => EventEmitter.on(e, 'a', { signal: 1 }));
    swallow(log, () => EventEmitter.on(e, 'a', { highWaterMark: 0 }));
    swallow(log, () => EventEmitter.on(e, 'a', { lowWaterMark: 'x' }));
    swallow(log, () => EventEmitter.addAbortListener(undefined, () => {}));
    swallow(log, () => EventEmitter.addAbortListener(new AbortController().signal, 1));
    swallow(log, () => {
      EventEmitter.captureRejections = 1;
    });
  },
  'most listeners: defaults, of one emitter, of targets'(EventEmitter, log) {
    const e = new EventEmitter();
    log(EventEmitter.defaultMaxListeners, e.getMaxListeners(), EventEmitter.getMaxListeners(e));
    e.setMaxListeners(3);
    log(e.getMaxListeners());
    const target = new EventTarget();
    EventEmitter.setMaxListeners(7, e, target);
    log(e.getMaxListeners(), EventEmitter.getMaxListeners(target));
    EventEmitter.setMaxListeners(12);
    log(EventEmitter.defaultMaxListeners, new EventEmitter().getMaxListeners());
    EventEmitter.defaultMaxListeners = 10;
  },
  async 'too many listeners warn once'(EventEmitter, log) {
    const heard = [];
    const listener = (w) => heard.push([w.name, w.message, w.type, w.count]);
    process.on('warning', listener);
    class Named extends EventEmitter {}
    const e = new Named();
    for (let i = 0; i < 13; i++) e.on('leak', () => {});
    for (let i = 0; i < 13; i++) new EventEmitter().setMaxListeners(0).on('none', () => {});
    await turn();
    await turn();
    process.off('warning', listener);
    log(heard);
  },
  'what it looks like'(EventEmitter, log) {
    const e = new EventEmitter();
    log(inspect(e));
    e.on('a', function named() {}).once('b', () => {});
    log(inspect(e).replaceAll('native ', ''));
    class Mine extends EventEmitter {
      constructor() {
        super();
        this.own = 1;
      }
    }
    log(inspect(new Mine()), Object.keys(new Mine()), EventEmitter.name, EventEmitter.length);
    log(Object.keys(EventEmitter).sort(), Object.keys(EventEmitter.prototype).sort());
    for (const name of Object.keys(EventEmitter.prototype))
      log(name, EventEmitter.prototype[name]?.name, EventEmitter.prototype[name]?.length);
    log(EventEmitter.usingDomains, EventEmitter.EventEmitter === EventEmitter, EventEmitter.captureRejectionSymbol);
  },
  'old ways to inherit'(EventEmitter, log) {
    function Old() {
      EventEmitter.call(this);
    }
    Object.setPrototypeOf(Old.prototype, EventEmitter.prototype);
    const old = new Old();
    log(old instanceof EventEmitter, old instanceof Old, new EventEmitter() instanceof Old, process instanceof EventEmitter);
    old.on('a', (x) => log('a', x));
    log(old.emit('a', 1));
    const mixed = Object.assign({}, EventEmitter.prototype);
    mixed.on('a', () => log('mixed'));
    mixed.emit('a');
    log({} instanceof EventEmitter, null instanceof EventEmitter);
    const shared = Object.create(new EventEmitter());
    EventEmitter.init.call(shared);
    log(shared._events, shared.eventNames());
  },
  async 'rejections are captured'(EventEmitter, log) {
    const e = new EventEmitter({ captureRejections: true });
    e.on('a', async (x) => {
      throw new Error(`rejected ${x}`);
    });
    e.on('error', (error) => log('error', error.message));
    e.emit('a', 1);
    await turn();
    e[Symbol.for('nodejs.rejection')] = (error, name, ...args) => log('own', error.message, name, args);
    e.emit('a', 2, 3);
    await turn();
    EventEmitter.captureRejections = true;
    const f = new EventEmitter();
    EventEmitter.captureRejections = false;
    f.on('b', async () => {
      throw new Error('global');
    });
    f.on('error', (error) => log('f', error.message));
    f.emit('b');
    f.on('c', () => ({
      // biome-ignore lint/suspicious/noThenProperty: a thenable is what is tried
      get then() {
        throw new Error('getter');
      },
    }));
    f.emit('c');
    await turn();
  },
  async 'once as a promise'(EventEmitter, log) {
    const { once } = EventEmitter;
    const e = new EventEmitter();
    setImmediate(() => e.emit('a', 1, 2));
    log(await once(e, 'a'), e.eventNames());
    setImmediate(() => e.emit('error', new Error('no')));
    await once(e, 'a').catch((error) => log(error.message, e.eventNames()));
    setImmediate(() => e.emit('error', 'as a value'));
    log(await once(e, 'error'));
    const controller = new AbortController();
    setImmediate(() => controller.abort(new Error('why')));
    await once(e, 'a', { signal: controller.signal }).catch((error) =>
      log(error.name, error.code, error.message, error.cause?.message),
    );
    await once(e, 'a', { signal: AbortSignal.abort() }).catch((error) => log(error.name, error.code));
    log(e.eventNames());
    const target = new EventTarget();
    setImmediate(() => target.dispatchEvent(new Event('ping')));
    log((await once(target, 'ping'))[0].type);
    await once({}, 'a').catch((error) => log(error.code, error.message));
    await once(e, 'a', { signal: 5 }).catch((error) => log(error.code, error.message));
  },
  async 'on as an iterator'(EventEmitter, log) {
    const { on } = EventEmitter;
    const e = new EventEmitter();
    const iterator = on(e, 'a', { close: ['end'] });
    e.emit('a', 1);
    e.emit('a', 2, 3);
    setImmediate(() => {
      e.emit('a', 4);
      e.emit('end');
    });
    for await (const value of iterator) log(value);
    log(e.eventNames(), await iterator.next());
    const failing = on(e, 'a');
    e.emit('a', 5);
    e.emit('error', new Error('stop'));
    try {
      for await (const value of failing) log(value);
    } catch (error) {
      log(error.message);
    }
    const controller = new AbortController();
    const aborted = on(e, 'a', { signal: controller.signal });
    const waiting = aborted.next();
    controller.abort();
    await waiting.catch((error) => log(error.name, error.code));
    const left = on(e, 'a');
    const both = [left.next(), left.next()];
    log(await left.return(), await Promise.all(both));
    const thrown = on(e, 'a');
    const next = thrown.next();
    swallow(log, () => thrown.throw('text'));
    thrown.throw(new Error('thrown'));
    await next.catch((error) => log(error.message));
    log(e.eventNames());
  },
  async 'on pauses and resumes what it listens to'(EventEmitter, log) {
    const e = Object.assign(new EventEmitter(), { pause: () => log('pause'), resume: () => log('resume') });
    const iterator = EventEmitter.on(e, 'a', { highWaterMark: 2, lowWaterMark: 1 });
    for (let i = 0; i < 5; i++) e.emit('a', i);
    const marks = iterator[Symbol.for('nodejs.watermarkData')];
    log(marks.size, marks.low, marks.high, marks.isPaused);
    for (let i = 0; i < 5; i++) log((await iterator.next()).value, marks.isPaused);
  },
  async 'abort listeners'(EventEmitter, log) {
    const controller = new AbortController();
    EventEmitter.addAbortListener(controller.signal, () => log('aborted'));
    const stopped = EventEmitter.addAbortListener(controller.signal, () => log('never'));
    stopped[Symbol.dispose]();
    controller.abort();
    EventEmitter.addAbortListener(controller.signal, () => log('late'));
    await turn();
  },
  'an emitter as a listener of its own, deep'(EventEmitter, log) {
    const e = new EventEmitter();
    let depth = 0;
    e.on('a', () => {
      if (++depth < 50) e.emit('a');
    });
    e.emit('a');
    log(depth);
    e.on('boom', () => {
      throw new TypeError('out of a listener');
    });
    swallow(log, () => e.emit('boom'));
  },
};
