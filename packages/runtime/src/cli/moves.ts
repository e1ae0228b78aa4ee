/** What `cluster-run --stats` and `--show-moves` say of moves: each once, in the order in which they were heard of, and what its drain came to. */

import type { MoveReport } from '../node/control.js';
import { type DrainFigures, type DrainReport, noDrain } from '../node/drain-record.js';
import type { Captures, ShownReason } from './captures.js';

type ShownMove = Omit<MoveReport, 'putOff'> & { readonly putOff: readonly ShownReason[] };

export class Moves {
  readonly #byEpoch = new Map<number, ShownMove>();
  readonly #drains = new Map<number, DrainFigures>();
  #onDrain: () => void = () => {};

  constructor(
    private readonly isShown: boolean,
    private readonly captures: Captures,
  ) {}

  get list(): (ShownMove & (DrainFigures | { drain: 'unknown' }))[] {
    return [...this.#byEpoch.values()].map((move) => ({ ...move, ...this.#drainOf(move) }));
  }

  add(report: MoveReport): void {
    if (this.#byEpoch.has(report.epoch)) return;
    const move = { ...report, putOff: report.putOff.map((reason) => this.captures.shown(reason)) };
    this.#say('godwit.move/1', move);
    this.#byEpoch.set(report.epoch, move);
  }

  addDrain({ epoch, figures }: DrainReport): void {
    this.#say('godwit.drain/1', { epoch, ...figures });
    this.#drains.set(epoch, figures);
    this.#onDrain();
  }

  /** Resolves when every drain is over of which a move was told. */
  drained(): Promise<void> {
    return new Promise((resolve) => {
      this.#onDrain = () => {
        if ([...this.#byEpoch.values()].every((move) => 'faults' in this.#drainOf(move))) resolve();
      };
      this.#onDrain();
    });
  }

  #drainOf({ isPartial, epoch }: ShownMove): DrainFigures | { drain: 'unknown' } {
    return isPartial ? (this.#drains.get(epoch) ?? { drain: 'unknown' }) : noDrain;
  }

  #say(schema: string, what: object): void {
    if (this.isShown) process.stderr.write(`${JSON.stringify({ schema, ...what })}\n`);
  }
}
