/**
 * EventEmitterAsyncResource of `node:events`: an emitter whose listeners run where it was made. A file of its own, loaded when it is asked for.
 * Adapted from lib/events.js of Node.js 20 (MIT licence, copyright Joyent, Inc. and other Node contributors).
 */
'use strict';

const { AsyncResource } = require('./async-hooks.cjs');
const { codedError, invalidType } = require('./coded-error.cjs');
const EventEmitter = require('./events.cjs');

class EventEmitterReferencingAsyncResource extends AsyncResource {
  #eventEmitter;

  constructor(emitter, type, options) {
    super(type, options);
    this.#eventEmitter = emitter;
  }

  get eventEmitter() {
    return this.#eventEmitter;
  }
}

class EventEmitterAsyncResource extends EventEmitter {
  #asyncResource;

  constructor(options = undefined) {
    const name = typeof options === 'string' ? options : options?.name;
    const settings = typeof options === 'string' ? undefined : options;
    if (new.target === EventEmitterAsyncResource && typeof name !== 'string')
      throw invalidType('options.name', 'of type string', name);
    super(settings);
    this.#asyncResource = new EventEmitterReferencingAsyncResource(this, name || new.target.name, settings);
  }

  emit(event, ...args) {
    return this.asyncResource.runInAsyncScope(super.emit, this, event, ...args);
  }

  emitDestroy() {
    this.asyncResource.emitDestroy();
  }

  get asyncId() {
    return this.asyncResource.asyncId();
  }

  get triggerAsyncId() {
    return this.asyncResource.triggerAsyncId();
  }

  get asyncResource() {
    if (!(#asyncResource in this))
      throw codedError(TypeError, 'ERR_INVALID_THIS', 'Value of "this" must be of type EventEmitterAsyncResource');
    return this.#asyncResource;
  }
}

module.exports = EventEmitterAsyncResource;
