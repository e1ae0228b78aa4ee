/** The guest's EventTarget, Event, CustomEvent, AbortController and AbortSignal as globals: of programs that name any of them. */
'use strict';

const { CustomEvent, Event, EventTarget } = require('./event-target.cjs');
const { AbortController, AbortSignal } = require('./abort-controller.cjs');

for (const value of [AbortController, AbortSignal, CustomEvent, Event, EventTarget])
  Object.defineProperty(globalThis, value.name, { value, writable: true, enumerable: false, configurable: true });
