/**
 * One move seen from its target, carried out: feeds the target machine with what really happens, and does what it says.
 * Keeps true: sections of the essence go to the driver in the order sent, and end when the source says that all were sent
 * or nothing more can come. It outlives its link: a source that dials again finds it by the move's name.
 * Not a judge: target.ts is.
 */

import { GodwitError, type Host, messageOf, type TimerHandle } from '@godwit/checkpoint/base';
import type { Locations } from '../process/locations.js';
import { askAbandon, reportLost } from './decide.js';
import { type MigrationDriver, Refusal } from './driver.js';
import type { Link } from './link.js';
import type { MoveNeeds, MoveRef, SourceMessage, TargetMessage } from './messages.js';
import { controlChannel, MovePages } from './pages.js';
import type { IncomingSection } from './section.js';
import { SectionQueue } from './section-queue.js';
import { type ArrivalOutcome, initialTarget, type TargetCommand, type TargetEvent, targetStep } from './target.js';
import { encodeControl } from './wire.js';

export interface ArrivalContext {
  readonly host: Host;
  readonly driver: MigrationDriver;
  readonly locations: Locations;
  readonly isOver: () => boolean;
}

export class Arrival {
  readonly outcome: Promise<ArrivalOutcome>;
  readonly #sections = new SectionQueue(() => this.handle({ type: 'progress' }));
  readonly #pages = new MovePages(() => {});
  #state;
  #timer: TimerHandle | undefined;
  #link: Link | undefined;
  #finish!: (outcome: ArrivalOutcome) => void;

  constructor(
    readonly move: MoveRef,
    private readonly context: ArrivalContext,
  ) {
    this.#state = initialTarget(move);
    this.outcome = new Promise((resolve) => {
      this.#finish = resolve;
    });
  }

  get isDone(): boolean {
    return this.#state.phase === 'done';
  }

  begin(link: Link, needs: MoveNeeds): void {
    this.attach(link);
    this.handle({ type: 'begin', needs });
  }

  /** The link its source speaks on now. */
  attach(link: Link): void {
    if (this.#link === link) return;
    this.#link = link;
    this.#pages.attach(link);
    void link.closed.then(() => {
      this.#pages.detach(link);
      if (this.#link !== link) return;
      this.#link = undefined;
      this.handle({ type: 'linkLost', reason: 'the link to the source was lost' });
    });
  }

  section(section: IncomingSection): void {
    this.#sections.push(section);
  }

  hear(message: SourceMessage | { type: 'essenceSent' }): void {
    if (message.type === 'essenceSent') this.#sections.end();
    else this.handle({ type: 'message', message });
  }

  handle(event: TargetEvent): void {
    if (this.context.isOver()) return;
    const { state, commands } = targetStep(this.#state, event);
    this.#state = state;
    for (const command of commands) this.#carryOut(command);
  }

  /** The node stops: no more timers. */
  stop(): void {
    this.#timer?.cancel();
    this.#sections.end(new GodwitError('GODWIT_LINK_LOST', 'Cannot go on loading: this node stops'));
  }

  #carryOut(command: TargetCommand): void {
    const { move } = this;
    const { driver, locations, host, isOver } = this.context;
    switch (command.type) {
      case 'send':
        this.#send(command.message);
        break;
      case 'arm':
        this.#timer?.cancel();
        this.#timer = host.after(command.delayMs, () => this.handle({ type: 'timeout', wait: command.wait }));
        break;
      case 'reserve':
        this.#settle(driver.reserve(move, command.needs), { type: 'reserved' }, (error) => ({
          type: 'reserveFailed',
          reason: error instanceof Refusal ? error.reason : 'failed',
          detail: messageOf(error),
        }));
        break;
      case 'load':
        void this.#load();
        break;
      case 'abandon':
        void askAbandon(locations, move).then((answer) => this.handle({ type: 'abandonAnswer', answer }));
        break;
      case 'run':
        void this.#run();
        break;
      case 'reportLost':
        void reportLost(locations, host, { pid: move.pid, ...command }, isOver);
        break;
      case 'drop':
        this.#sections.end(new GodwitError('GODWIT_LINK_LOST', `Cannot go on loading: ${command.reason}`));
        driver.drop(move, command.reason);
        break;
      case 'finish':
        this.#timer?.cancel();
        driver.settled(move, command.outcome);
        this.#finish(command.outcome);
        break;
    }
  }

  async #load(): Promise<void> {
    try {
      const { complete } = await this.context.driver.load(this.move, this.#sections);
      this.handle({ type: 'loaded', complete });
    } catch (error) {
      this.handle({ type: 'loadFailed', reason: messageOf(error) });
    }
  }

  async #run(): Promise<void> {
    const { driver } = this.context;
    try {
      await driver.run(this.move, this.#pages);
    } catch (error) {
      this.handle({ type: 'runFailed', reason: messageOf(error) });
      return;
    }
    this.#timer?.cancel();
    this.handle({ type: 'running' });
    this.#settle(driver.drained(this.move), { type: 'drained' }, (error) => ({ type: 'pagesLost', reason: messageOf(error) }));
  }

  #send(message: TargetMessage): void {
    // Lost with the link, which is an event of its own: the source asks again with RUN, or gives up.
    this.#link?.send(controlChannel, encodeControl({ move: this.move, message })).catch((error: unknown) => {
      this.context.host.log('debug', 'move: an answer was not sent', { type: message.type, reason: messageOf(error) });
    });
  }

  #settle(work: Promise<void>, done: TargetEvent, failed: (error: unknown) => TargetEvent): void {
    work.then(
      () => this.handle(done),
      (error: unknown) => this.handle(failed(error)),
    );
  }
}
