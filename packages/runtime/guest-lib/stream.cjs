/**
 * The guest's `node:stream`: readable-stream, which is Node's own stream code as a package, with what only Node has put in from there.
 * Kept true: Node's own streams (of fs, say) are instances of these classes too.
 */
'use strict';

const native = require('node:stream');
const Stream = require('readable-stream/lib/stream.js');

Stream.setDefaultHighWaterMark(false, native.getDefaultHighWaterMark(false));
Stream.setDefaultHighWaterMark(true, native.getDefaultHighWaterMark(true));

for (const name of ['Readable', 'Writable', 'Duplex']) {
  for (const way of ['toWeb', 'fromWeb']) if (native[name][way]) Stream[name][way] = native[name][way];
}

function alsoNative(Class, nativeClass) {
  const before = Class[Symbol.hasInstance];
  Object.defineProperty(Class, Symbol.hasInstance, {
    value(instance) {
      return (this === Class && instance instanceof nativeClass) || before.call(this, instance);
    },
    configurable: true,
  });
}
// Writable has a test of its own, which cannot be replaced: one of Node's own is none.
for (const name of ['Readable', 'Duplex', 'Transform', 'PassThrough']) alsoNative(Stream[name], native[name]);
alsoNative(Stream, native);

// An array's own iterator has hidden state and cannot be captured; a generator over it can.
const fromIterable = Stream.Readable.from;
Stream.Readable.from = function from(iterable, options) {
  const isPlain = Array.isArray(iterable) && iterable[Symbol.iterator] === Array.prototype[Symbol.iterator];
  return fromIterable.call(this, isPlain ? elementsOf(iterable) : iterable, options);
};

function* elementsOf(list) {
  for (const element of list) yield element;
}

module.exports = Stream;
