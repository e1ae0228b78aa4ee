/**
 * The guest's end of its services: ordered messages to and from the node, and what keeps the guest alive. Guest-side modules reach
 * it as `godwit:host`. Messages that arrived but were not handled yet are part of the guest.
 */
import { type MessagePort, receiveMessageOnPort } from 'node:worker_threads';
import { type Activity, state as jobs, uncaught } from '@godwit/checkpoint/guest';
import type { ToWorker } from './protocol.js';

type Handler = (message: unknown) => unknown;

/** Set now: a guest's realm has another. */
const soon = setImmediate;

export class HostChannelState {
  handlers = new Map<string, Handler>();
  refs = new Set<unknown>();
  inbox: { service: string; message: unknown }[] = [];
}

export class DeliverActivity implements Activity {
  constructor(
    readonly handler: Handler,
    readonly message: unknown,
  ) {}
  run(): unknown {
    return this.handler(this.message);
  }
  complete(threw: boolean, value: unknown): void {
    if (threw) uncaught(value);
  }
}

export class HostChannel {
  private state = new HostChannelState();
  private waiting: Activity[] = [];

  constructor(
    private readonly post: (service: string, message: unknown, transfer: readonly ArrayBuffer[]) => void,
    private readonly perform: (activity: Activity) => boolean,
  ) {}

  send(service: string, message: unknown): void {
    this.post(service, message, []);
  }
  listen(service: string, handler: Handler): void {
    this.state.handlers.set(service, handler);
  }
  ref(key: unknown): void {
    this.state.refs.add(key);
  }
  unref(key: unknown): void {
    this.state.refs.delete(key);
  }
  active(): boolean {
    return this.state.refs.size > 0;
  }
  pending(): number {
    return this.state.inbox.length + this.waiting.length;
  }
  receive(service: string, messages: readonly unknown[]): void {
    this.keep(service, messages);
    this.flush();
  }
  private keep(service: string, messages: readonly unknown[]): void {
    for (const message of messages) this.state.inbox.push({ service, message });
  }
  run(activity: Activity): void {
    if (this.perform(activity)) return;
    this.waiting.push(activity);
    // Node called back inside the call that the guest is making, and no message may come that would have it told.
    soon(() => this.flush());
  }
  /** Hands queued messages to their handlers, one activity each. */
  flush(): void {
    while (jobs.activity === undefined) {
      const next = this.waiting.shift();
      if (next) {
        this.perform(next);
        continue;
      }
      const item = this.state.inbox.shift();
      if (!item) return;
      const handler = this.state.handlers.get(item.service);
      if (handler) this.perform(new DeliverActivity(handler, item.message));
    }
  }
  /** Messages still in the port belong to the guest that is being captured. */
  drainPort(port: MessagePort): void {
    for (let received = receiveMessageOnPort(port); received; received = receiveMessageOnPort(port)) {
      const message = received.message as ToWorker;
      if (message.type === 'deliver') this.keep(message.service, message.messages);
    }
  }
  save(): HostChannelState {
    return this.state;
  }
  restore(state: HostChannelState): void {
    this.state = state;
  }
}

export const hostChannelClasses = { HostChannelState, DeliverActivity };
