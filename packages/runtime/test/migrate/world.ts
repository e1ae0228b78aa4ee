/**
 * A model of one move: both machines, the location table with its real rules, a network and a table that lose, repeat and
 * delay, and nodes that die, all in virtual time and decided by a fault plan. It watches what must never happen (two
 * running copies, a guest running where the table does not say so) at every step, and says at the end who has the guest.
 */

import { migrateLimits } from '../../src/limits.js';
import type { MoveMessage, MoveNeeds, MoveRef, SourceMessage, TargetMessage } from '../../src/migrate/messages.js';
import {
  initialSource,
  type SourceCommand,
  type SourceEvent,
  type SourceState,
  type SourceStep,
  sourceStep,
} from '../../src/migrate/source.js';
import {
  initialTarget,
  type TargetCommand,
  type TargetEvent,
  type TargetState,
  type TargetStep,
  targetStep,
} from '../../src/migrate/target.js';
import { abandoned, committed, type Location, lostAt, newLocation } from '../../src/process/location.js';

export type Fault = 'none' | 'lose' | 'loseAnswer' | 'repeat' | 'delay' | 'delayLong' | 'fail' | 'killSource' | 'killTarget';

/** What befalls the nth operation (message, table access, or work of a driver). */
export type FaultPlan = (operation: number) => Fault;

export interface Rules {
  source: (state: SourceState, event: SourceEvent) => SourceStep;
  target: (state: TargetState, event: TargetEvent) => TargetStep;
}
export const goodRules: Rules = { source: sourceStep, target: targetStep };

export interface Result {
  readonly violations: string[];
  readonly location: Location;
  readonly operations: number;
  readonly trace: string[];
}

const source = 1;
const target = 2;
const move: MoveRef = { pid: 101, epoch: 4, attempt: 1, fromNode: source, toNode: target };
const needs: MoveNeeds = { memoryBytes: 1, bundle: 'b', features: [], platform: 'p' };
const lossNoticedMs = 3_500;
const endMs = 3_600_000;

/** Runs one move under the plan, to its end. `jitter` spreads delays, so that messages overtake each other. */
export function runMove(plan: FaultPlan, rules: Rules = goodRules, jitter: () => number = () => 0): Result {
  return new World(plan, rules, jitter).run();
}

class World {
  #nowMs = 0;
  #queue: { atMs: number; order: number; action: () => void }[] = [];
  #order = 0;
  #operations = 0;
  #source = initialSource(move);
  #target: TargetState | undefined;
  #sourceGuest: 'running' | 'stopped' | 'none' = 'running';
  #targetGuest: 'none' | 'loaded' | 'running' = 'none';
  #calledOff = false;
  #dead = new Set<number>();
  #driverFailed = false;
  #pagesHere = false;
  #location: Location = { ...newLocation({ pid: 101, home: source, name: 'g', argv: [], startedAtMs: 0 }), epoch: 4 };
  readonly #violations: string[] = [];
  readonly #trace: string[] = [];

  constructor(
    private readonly plan: FaultPlan,
    private readonly rules: Rules,
    private readonly jitter: () => number,
  ) {}

  run(): Result {
    this.#toSource({ type: 'begin', needs });
    for (let steps = 0; this.#queue.length > 0 && this.#nowMs < endMs; steps++) {
      if (steps > 20_000) this.#violations.push('does not come to an end');
      if (this.#violations.length > 0) break;
      this.#queue.sort((a, b) => a.atMs - b.atMs || a.order - b.order);
      const next = this.#queue.shift()!;
      this.#nowMs = Math.max(this.#nowMs, next.atMs);
      next.action();
      this.#checkNow();
    }
    if (this.#dead.has(source)) this.#sweep();
    if (this.#violations.length === 0) this.#checkEnd();
    return { violations: this.#violations, location: this.#location, operations: this.#operations, trace: this.#trace };
  }

  /** What the other nodes do now and then: whoever is owned by a dead node is lost. A living source must not need it. */
  #sweep(): void {
    const { node } = this.#location;
    const change = lostAt(this.#location, node, `node ${node} was lost`, this.#nowMs);
    if (this.#dead.has(node) && 'write' in change) this.#location = change.write;
  }

  #checkNow(): void {
    const { node, state } = this.#location;
    const say = (what: string) => this.#violations.push(`${what} at ${this.#nowMs} ms`);
    if (this.#sourceGuest === 'running' && this.#targetGuest === 'running') say('two copies run');
    if (state !== 'running') return; // a lost guest's copies end when their node hears of it
    if (this.#sourceGuest === 'running' && node !== source) say('the source runs a guest that is the target’s');
    if (this.#targetGuest === 'running' && node !== target) say('the target runs a guest that is the source’s');
    if (this.#sourceGuest === 'none' && node === source && !this.#dead.has(source) && !this.#driverFailed)
      say('the source gave away its own guest');
  }

  #checkEnd(): void {
    const { node, state, reason } = this.#location;
    const running = [...(this.#sourceGuest === 'running' ? [source] : []), ...(this.#targetGuest === 'running' ? [target] : [])];
    const say = (what: string) => this.#violations.push(what);
    if (state === 'running' && running.join() !== String(node)) say(`node ${node} should have it, but it runs on [${running}]`);
    if (state === 'lost' && running.length > 0) say(`it is lost, but runs on [${running}]`);
    if (state === 'lost' && !reason) say('it is lost without a reason');
    const pagesDied = node === target && this.#dead.has(source);
    if (state === 'lost' && !this.#dead.has(node) && !pagesDied && !this.#driverFailed) say('it was lost though its owner lives');
    if (!this.#dead.has(source) && this.#source.phase !== 'done') say(`the source is stuck in ${this.#source.phase}`);
    if (!this.#dead.has(target) && this.#target && this.#target.phase !== 'done')
      say(`the target is stuck in ${this.#target.phase}`);
    if (!this.#dead.has(source) && this.#sourceGuest === 'stopped') say('a stopped copy stays at the source');
    if (!this.#dead.has(target) && this.#targetGuest === 'loaded') say('a loaded copy stays at the target');
  }

  #later(delayMs: number, action: () => void): void {
    this.#queue.push({ atMs: this.#nowMs + delayMs + this.jitter(), order: this.#order++, action });
  }

  /** Numbers an operation and lets its fault, a death first of all, come true. */
  #operation(what: string): Fault {
    const fault = this.plan(this.#operations++);
    this.#trace.push(`${this.#nowMs} #${this.#operations - 1} ${what}${fault === 'none' ? '' : ` ! ${fault}`}`);
    if (fault === 'killSource') this.#kill(source);
    if (fault === 'killTarget') this.#kill(target);
    return fault;
  }

  #kill(node: number): void {
    if (this.#dead.has(node)) return;
    this.#dead.add(node);
    if (node === source) this.#sourceGuest = 'none';
    else this.#targetGuest = 'none';
    this.#later(lossNoticedMs, () => {
      const change = lostAt(this.#location, node, `node ${node} was lost`, this.#nowMs);
      if ('write' in change) this.#location = change.write;
      if (node === source) this.#toTarget({ type: 'sourceLost' });
      else this.#toSource({ type: 'targetLost' });
    });
  }

  #toSource(event: SourceEvent): void {
    if (this.#dead.has(source)) return;
    const { state, commands } = this.rules.source(this.#source, event);
    this.#source = state;
    for (const command of commands) this.#sourceDoes(command);
  }

  #toTarget(event: TargetEvent): void {
    if (this.#dead.has(target) || !this.#target) return;
    const { state, commands } = this.rules.target(this.#target, event);
    this.#target = state;
    for (const command of commands) this.#targetDoes(command);
  }

  #sourceDoes(command: SourceCommand): void {
    if (this.#dead.has(source)) return;
    switch (command.type) {
      case 'send':
        this.#send(target, command.message);
        break;
      case 'arm':
        this.#later(command.delayMs, () => this.#toSource({ type: 'timeout', wait: command.wait }));
        break;
      case 'capture':
        this.#driver(source, 'capture', (failed) => {
          if (this.#calledOff) return;
          if (!failed) this.#sourceGuest = 'stopped';
          this.#toSource(failed ? { type: 'captureFailed', reason: 'native frame' } : { type: 'captured' });
        });
        break;
      case 'sendEssence':
        this.#send(target, 'essence');
        break;
      case 'takeBack':
        this.#calledOff = true;
        this.#driver(source, 'take back', (failed) => {
          if (this.#sourceGuest === 'none') return;
          if (failed) this.#driverFailed = true;
          else this.#sourceGuest = 'running';
          this.#toSource(failed ? { type: 'takeBackFailed', reason: 'broken' } : { type: 'tookBack' });
        });
        break;
      case 'commit':
        this.#table('commit', () => {
          const change = committed(this.#location, move.epoch, undefined, target, move.attempt);
          if ('write' in change) this.#location = change.write;
          const answer = 'stale' in change ? 'stale' : 'committed';
          return () => this.#toSource({ type: 'commitAnswer', answer });
        });
        break;
      case 'abandon':
        this.#abandon((answer) => this.#toSource({ type: 'abandonAnswer', answer }));
        break;
      case 'readLocation':
        this.#table('read', () => {
          const location = this.#location;
          return () => this.#toSource({ type: 'locationRead', location });
        });
        break;
      case 'reportLost':
        this.#reportLost(command.node, command.epoch, command.reason);
        break;
      case 'release':
        this.#sourceGuest = 'none';
        break;
      case 'handOver':
        if (this.#location.node !== target && !this.#dead.has(target)) this.#violations.push('handed over before the COMMIT');
        break;
      case 'finish':
        break;
    }
  }

  #targetDoes(command: TargetCommand): void {
    if (this.#dead.has(target)) return;
    switch (command.type) {
      case 'send':
        this.#send(source, command.message);
        break;
      case 'arm':
        this.#later(command.delayMs, () => this.#toTarget({ type: 'timeout', wait: command.wait }));
        break;
      case 'reserve':
        this.#driver(target, 'reserve', (failed) =>
          this.#toTarget(failed ? { type: 'reserveFailed', reason: 'no-memory', detail: 'full' } : { type: 'reserved' }),
        );
        break;
      case 'load':
        break;
      case 'abandon':
        this.#abandon((answer) => this.#toTarget({ type: 'abandonAnswer', answer }));
        break;
      case 'run':
        this.#driver(target, 'run', (failed) => {
          if (this.#target?.phase !== 'starting') return;
          if (failed) this.#driverFailed = true;
          else this.#targetGuest = 'running';
          this.#toTarget(failed ? { type: 'runFailed', reason: 'broken' } : { type: 'running' });
          if (!failed) this.#drain(0);
        });
        break;
      case 'reportLost':
        this.#reportLost(command.node, command.epoch, command.reason);
        break;
      case 'drop':
        this.#targetGuest = 'none';
        break;
      case 'finish':
        break;
    }
  }

  #send(to: number, message: MoveMessage | 'essence'): void {
    const name = message === 'essence' ? message : message.type;
    const from = to === source ? target : source;
    const fault = this.#operation(`${name} → ${to === source ? 'source' : 'target'}`);
    // A node that died while sending may still have sent; that it did is the harder case.
    if (fault === 'lose' || fault === 'loseAnswer' || fault === 'fail' || (this.#dead.has(from) && fault === 'none')) return;
    const delayMs = fault === 'delay' ? 7_000 : fault === 'delayLong' ? 45_000 : 5;
    this.#later(delayMs, () => this.#receive(to, message));
    if (fault === 'repeat') this.#later(6_000, () => this.#receive(to, message));
  }

  #receive(to: number, message: MoveMessage | 'essence'): void {
    if (this.#dead.has(to)) return;
    if (to === source) this.#toSource({ type: 'message', message: message as TargetMessage });
    else if (message === 'essence') this.#essenceArrives();
    else if (message.type === 'offer') {
      if (this.#target) return; // one machine per move; the node keeps it by name
      this.#target = initialTarget(move);
      this.#toTarget({ type: 'begin', needs: message.needs });
    } else this.#toTarget({ type: 'message', message: message as SourceMessage });
  }

  #essenceArrives(): void {
    if (this.#target?.phase !== 'receiving' || this.#targetGuest !== 'none') return;
    this.#driver(target, 'load', (failed) => {
      if (this.#target?.phase !== 'receiving') return;
      if (!failed) this.#targetGuest = 'loaded';
      this.#toTarget(failed ? { type: 'loadFailed', reason: 'damaged' } : { type: 'loaded', complete: false });
    });
  }

  #driver(node: number, what: string, done: (failed: boolean) => void): void {
    const fault = this.#operation(`${what} (driver)`);
    const delayMs = fault === 'delay' ? 7_000 : fault === 'delayLong' ? 45_000 : 3;
    this.#later(delayMs, () => {
      if (!this.#dead.has(node)) done(fault === 'fail');
    });
    if (fault === 'delayLong') this.#driverFailed = true; // past every bound a driver has
  }

  /** A table access: the request travels, is carried out, the answer travels. */
  #table(what: string, carryOut: () => () => void): void {
    const fault = this.#operation(`${what} (table)`);
    if (fault === 'lose' || fault === 'fail') return;
    const delayMs = fault === 'delay' ? 7_000 : fault === 'delayLong' ? 45_000 : 4;
    const once = () => {
      const answer = carryOut();
      if (fault !== 'loseAnswer') this.#later(4, answer);
    };
    this.#later(delayMs, once);
    if (fault === 'repeat') this.#later(6_000, once);
  }

  #abandon(tell: (answer: 'abandoned' | 'committed' | 'void') => void): void {
    this.#table('abandon', () => {
      const change = abandoned(this.#location, move.epoch, move.attempt);
      if ('write' in change) this.#location = change.write;
      const isCommitted = 'stale' in change && change.stale.state === 'running' && change.stale.node === target;
      const answer = 'stale' in change ? (isCommitted ? 'committed' : 'void') : 'abandoned';
      return () => tell(answer);
    });
  }

  #reportLost(node: number, epoch: number, reason: string): void {
    this.#later(10, () => {
      const change = lostAt(this.#location, node, reason, this.#nowMs, epoch);
      if ('write' in change) this.#location = change.write;
    });
  }

  /** The target fetches pages from the source's stopped copy; it needs three rounds of it. */
  #drain(round: number): void {
    this.#later(300, () => {
      if (this.#dead.has(target) || this.#targetGuest !== 'running') return;
      if (this.#pagesHere) return;
      if (this.#sourceGuest !== 'stopped') {
        this.#toTarget({ type: 'pagesLost', reason: 'the source is gone' });
        return;
      }
      this.#toSource({ type: 'progress' });
      this.#pagesHere = round >= 3;
      if (this.#pagesHere) this.#toTarget({ type: 'drained' });
      else this.#drain(round + 1);
    });
  }
}

/** Bounds that the model's delays are chosen against. */
export const modelDelays = { past: migrateLimits.runTimeoutMs, pastAll: migrateLimits.loadedTimeoutMs };
