/**
 * One move seen from its source, carried out: feeds the source machine with what really happens, and does what it says.
 * Keeps true: a broken link is dialled again for as long as the machine still has something to say; events after the end
 * change nothing.
 * Not a judge: source.ts is.
 */

import { GodwitError, type Host, messageOf, type TimerHandle } from '@godwit/checkpoint/base';
import type { Locations, SeenLocation } from '../process/locations.js';
import { askAbandon, askCommit, askLocation, lookAhead, reportLost } from './decide.js';
import type { MigrationDriver } from './driver.js';
import type { Link } from './link.js';
import { type MoveNeeds, type MoveRef, type SourceMessage, sameMove, type TargetMessage } from './messages.js';
import { controlChannel, MovePages } from './pages.js';
import { initialSource, type MoveOutcome, type SourceCommand, type SourceEvent, sourceStep } from './source.js';
import { decodeControl, encodeControl } from './wire.js';

export interface DepartureContext {
  readonly host: Host;
  readonly driver: MigrationDriver;
  readonly locations: Locations;
  readonly dial: () => Promise<Link>;
  readonly isOver: () => boolean;
}

export class Departure {
  readonly outcome: Promise<MoveOutcome>;
  /** Resolves when the guest is the target's, or the move ended otherwise: what a user who moves a guest waits for. */
  readonly decided: Promise<'moved' | MoveOutcome>;
  readonly #pages = new MovePages(() => this.handle({ type: 'progress' }));
  #state;
  #timer: TimerHandle | undefined;
  #link: Link | undefined;
  #dialling: Promise<Link | undefined> | undefined;
  #essence: Awaited<ReturnType<MigrationDriver['capture']>> | undefined;
  /** The guest's location, read while its essence is under way, for the COMMIT. */
  #seen: SeenLocation | undefined;
  #finish!: (outcome: MoveOutcome) => void;
  #decide!: (outcome: 'moved' | MoveOutcome) => void;

  constructor(
    private readonly move: MoveRef,
    private readonly context: DepartureContext,
  ) {
    this.#state = initialSource(move);
    this.outcome = new Promise((resolve) => {
      this.#finish = resolve;
    });
    this.decided = new Promise((resolve) => {
      this.#decide = resolve;
    });
  }

  begin(needs: MoveNeeds): void {
    this.handle({ type: 'begin', needs });
  }

  handle(event: SourceEvent): void {
    if (this.#state.phase === 'done' || this.context.isOver()) return;
    const { state, commands } = sourceStep(this.#state, event);
    this.#state = state;
    for (const command of commands) this.#carryOut(command);
  }

  /** The node stops: no more timers, no more words. */
  stop(): void {
    this.#timer?.cancel();
    this.#link?.close();
  }

  #carryOut(command: SourceCommand): void {
    const { move } = this;
    const { driver, locations, host, isOver } = this.context;
    switch (command.type) {
      case 'send':
        void this.#send(command.message);
        break;
      case 'arm':
        this.#timer?.cancel();
        this.#timer = host.after(command.delayMs, () => this.handle({ type: 'timeout', wait: command.wait }));
        break;
      case 'capture':
        void this.#capture();
        break;
      case 'sendEssence':
        void lookAhead(locations, move).then((seen) => {
          this.#seen = seen;
        });
        void this.#sendEssence();
        break;
      case 'takeBack':
        this.#settle(driver.takeBack(move, command.reason), { type: 'tookBack' }, (reason) => ({
          type: 'takeBackFailed',
          reason,
        }));
        break;
      case 'commit':
        void askCommit(locations, move, this.#seen).then((answer) => this.handle({ type: 'commitAnswer', answer }));
        break;
      case 'abandon':
        void askAbandon(locations, move).then((answer) => this.handle({ type: 'abandonAnswer', answer }));
        break;
      case 'readLocation':
        void askLocation(locations, move).then((location) => this.handle({ type: 'locationRead', location }));
        break;
      case 'reportLost':
        void reportLost(locations, host, { pid: move.pid, ...command }, isOver);
        break;
      case 'handOver':
        driver.handOver(move, this.#pages);
        this.#decide('moved');
        break;
      case 'release':
        break; // with the outcome, in finish
      case 'finish':
        this.#end(command.outcome);
        break;
    }
  }

  #end(outcome: MoveOutcome): void {
    this.#timer?.cancel();
    if (outcome.kind !== 'kept') this.context.driver.release(this.move, outcome);
    this.#decide(outcome);
    this.#finish(outcome);
    // The last word, a CANCEL perhaps, still leaves: close() ends the link after what was written.
    setImmediate(() => this.#link?.close());
  }

  async #capture(): Promise<void> {
    try {
      const essence = await this.context.driver.capture(this.move);
      this.#essence = essence;
      this.handle({ type: 'captured' });
    } catch (error) {
      this.handle({ type: 'captureFailed', reason: messageOf(error) });
    }
  }

  async #sendEssence(): Promise<void> {
    const link = this.#link;
    const essence = this.#essence;
    this.#essence = undefined;
    // A guest that was taken back runs again: nothing of it may be read any more.
    const isWanted = () => this.#state.phase === 'loading';
    try {
      for await (const { name, content } of essence ?? []) {
        if (!isWanted()) return;
        await link?.sendSection(name, content instanceof Uint8Array ? content : whileWanted(content, isWanted));
      }
      await link?.send(controlChannel, encodeControl({ move: this.move, message: { type: 'essenceSent' } }));
    } catch (error) {
      this.handle({ type: 'linkLost', reason: `the essence could not be sent: ${messageOf(error)}` });
    }
  }

  async #send(message: SourceMessage): Promise<void> {
    // CANCEL after a link was lost is not worth a new one: the target finds out by itself.
    const link = message.type === 'cancel' ? this.#link : await this.#linked();
    await link?.send(controlChannel, encodeControl({ move: this.move, message })).catch((error: unknown) => {
      this.context.host.log('debug', 'move: a message was not sent', { type: message.type, reason: messageOf(error) });
    });
  }

  async #linked(): Promise<Link | undefined> {
    if (this.#link && !this.#link.isClosed) return this.#link;
    this.#dialling ??= this.#dial().finally(() => {
      this.#dialling = undefined;
    });
    return this.#dialling;
  }

  async #dial(): Promise<Link | undefined> {
    try {
      const link = await this.context.dial();
      this.#link = link;
      link.onMessage(controlChannel, (bytes) => this.#hear(bytes));
      this.#pages.attach(link);
      void link.closed.then((reason) => {
        this.#pages.detach(link);
        this.handle({ type: 'linkLost', reason: reason ? messageOf(reason) : 'the target closed the link' });
      });
      return link;
    } catch (error) {
      this.handle({ type: 'linkLost', reason: (error as GodwitError).message });
      return undefined;
    }
  }

  #hear(bytes: Uint8Array): void {
    const { move, message } = decodeControl(bytes);
    if (sameMove(move, this.move)) this.handle({ type: 'message', message: message as TargetMessage });
  }

  #settle(work: Promise<void>, done: SourceEvent, failed: (reason: string) => SourceEvent): void {
    work.then(
      () => this.handle(done),
      (error: unknown) => this.handle(failed(messageOf(error))),
    );
  }
}

async function* whileWanted(content: AsyncIterable<Uint8Array>, isWanted: () => boolean): AsyncGenerator<Uint8Array> {
  for await (const chunk of content) {
    if (!isWanted()) throw new GodwitError('GODWIT_SECTION_CUT', 'Cannot send the essence to its end: the guest was taken back');
    yield chunk;
  }
}
