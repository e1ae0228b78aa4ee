/**
 * The location table: bucket `godwit-proc`, key `proc.<pid>`, one Location each, changed by compare-and-swap only.
 * It is what decides: who owns a guest, whether a move happened, what a node that was lost took with it.
 * Keeps true: each change is made on the value it was decided on; an answer that was lost is found out by asking again.
 * A call that throws GODWIT_TIMEOUT may have been carried out: call again, every change here may be repeated.
 */

import { GodwitError } from '@godwit/checkpoint/base';
import type { Bus, KeyValue, KeyValueEntry, Subscription } from '../cluster/bus.js';
import { processLimits } from '../limits.js';
import {
  abandoned,
  type Change,
  committed,
  type Exit,
  encodeLocation,
  endedAt,
  type Location,
  lostAt,
  type NewLocation,
  newLocation,
  parseLocation,
  restoredAt,
} from './location.js';

/** An entry of the table, as it was at some time. */
export type SeenLocation = KeyValueEntry;

const prefix = 'proc.';
const keyOf = (pid: number) => `${prefix}${pid}`;

export class Locations {
  private constructor(
    private readonly bucket: KeyValue,
    private readonly nowMs: () => number,
  ) {}

  /** Opens the table of the cluster on this bus. */
  static async open(bus: Bus, host: { nowMs(): number }): Promise<Locations> {
    return new Locations(await bus.kv('godwit-proc'), () => host.nowMs());
  }

  /** Enters a new guest. @throws GODWIT_CONFLICT when the PID is there already */
  async create(created: NewLocation): Promise<Location> {
    const location = newLocation(created);
    await this.bucket.create(keyOf(location.pid), encodeLocation(location));
    return location;
  }

  /** Enters a guest out of an image, under a PID that is new or whose process is over. Undefined: one with this PID is running. */
  async restore(created: NewLocation): Promise<Location | undefined> {
    for (;;) {
      if (await this.read(created.pid)) {
        const change = await this.#change(created.pid, (location) => restoredAt(location, created));
        return 'write' in change ? change.write : undefined;
      }
      try {
        return await this.create(created);
      } catch (error) {
        if (!(error instanceof GodwitError) || error.code !== 'GODWIT_CONFLICT') throw error;
      }
    }
  }

  async read(pid: number): Promise<Location | undefined> {
    const entry = await this.bucket.get(keyOf(pid));
    return entry && parseLocation(entry.value);
  }

  /** Everything in the table, by PID. Not one moment's picture: entries are read one after the other. */
  async list(): Promise<Location[]> {
    const found: Location[] = [];
    const watch = await this.bucket.watch(prefix, ({ value, initial }) => {
      if (initial && value) found.push(parseLocation(value));
    });
    watch.stop();
    return found.sort((a, b) => a.pid - b.pid);
  }

  /** What is there now, for a change that will be decided soon: it need not be read then. */
  async look(pid: number): Promise<SeenLocation | undefined> {
    return this.bucket.get(keyOf(pid));
  }

  /**
   * COMMIT of a move. `attempt` tells tries of the same epoch apart; its target may have abandoned an earlier one. `seen` is what look() gave
   * a while ago: if it is no longer there, it is read.
   */
  async commitMove(
    pid: number,
    fromEpoch: number,
    toNode: number,
    attempt = 1,
    seen?: SeenLocation,
  ): Promise<'committed' | 'stale'> {
    const change = await this.#change(pid, (location) => committed(location, fromEpoch, undefined, toNode, attempt), seen);
    return 'stale' in change ? 'stale' : 'committed';
  }

  /**
   * The target's way out of a move whose RUN does not come: after `abandoned` the source cannot commit it any more.
   * `committed`: it was; the guest is the target's. `void`: the guest ended, was lost, or belongs to somebody else by now.
   */
  async abandonMove(
    pid: number,
    fromEpoch: number,
    toNode: number,
    attempt: number,
  ): Promise<'abandoned' | 'committed' | 'void'> {
    const change = await this.#change(pid, (location) => abandoned(location, fromEpoch, attempt));
    if (!('stale' in change)) return 'abandoned';
    const { state, epoch, node } = change.stale;
    return state === 'running' && epoch === fromEpoch + 1 && node === toNode ? 'committed' : 'void';
  }

  /** The guest ended. False: this owner was fenced off, its word does not count. */
  async end(pid: number, epoch: number, exit: Exit): Promise<boolean> {
    return !('stale' in (await this.#change(pid, (location) => endedAt(location, epoch, exit, this.nowMs()))));
  }

  /** One guest is lost where it is, though its node lives (it could not be started, its pages are gone). */
  async markGuestLost(pid: number, node: number, epoch: number, reason: string): Promise<boolean> {
    return !('stale' in (await this.#change(pid, (location) => lostAt(location, node, reason, this.nowMs(), epoch))));
  }

  /** All guests a dead node owned, each by its own compare-and-swap; several nodes may do it at once. Gives those this call lost. */
  async markLost(node: number, reason = `node ${node} was lost`): Promise<Location[]> {
    const lost: Location[] = [];
    for (const { pid, state, node: owner } of await this.list()) {
      if (state !== 'running' || owner !== node) continue;
      const change = await this.#change(pid, (location) => lostAt(location, node, reason, this.nowMs()));
      if ('write' in change) lost.push(change.write);
    }
    return lost;
  }

  /**
   * Marks every guest lost whose owner is not there, whatever became of the node that should have said so: a COMMIT may
   * reach the table after its target's guests were marked, with its source dead too. To be called by every node now and
   * then, and after each loss. `isOwned` asks for the lease of the location's node (ClusterMembership.hasLease), or, for
   * this node's own, whether the guest is known here.
   */
  async sweepLost(isOwned: (location: Location) => Promise<boolean>): Promise<Location[]> {
    const lost: Location[] = [];
    for (const seen of await this.list()) {
      if (seen.state !== 'running' || (await isOwned(seen))) continue;
      const { node, epoch } = seen;
      const change = await this.#change(seen.pid, (location) =>
        lostAt(location, node, `node ${node} was lost`, this.nowMs(), epoch),
      );
      if ('write' in change) lost.push(change.write);
    }
    return lost;
  }

  /** Forgets an ended or lost guest, for its mother when nobody will ask any more. */
  async remove(pid: number): Promise<void> {
    const entry = await this.bucket.get(keyOf(pid));
    if (entry && parseLocation(entry.value).state !== 'running') await this.bucket.delete(keyOf(pid), entry.revision);
  }

  /** Every present entry, then every change; `location` is absent when an entry was removed. */
  watch(handler: (pid: number, location: Location | undefined) => void): Promise<Subscription> {
    return this.bucket.watch(prefix, ({ key, value }) =>
      handler(Number(key.slice(prefix.length)), value && parseLocation(value)),
    );
  }

  async #change(pid: number, decide: (location: Location) => Change, seen?: SeenLocation): Promise<Change> {
    for (let attempt = 0; attempt < processLimits.casAttempts; attempt++) {
      const isOfEarlier = attempt === 0 && seen !== undefined;
      const entry = isOfEarlier ? seen : await this.bucket.get(keyOf(pid));
      if (!entry) throw new GodwitError('GODWIT_NO_PROCESS', `Cannot change process ${pid}: there is none`, { fields: { pid } });
      const change = decide(parseLocation(entry.value));
      if (!('write' in change)) {
        // Only what is there now can say that nothing is to be changed.
        if (isOfEarlier) continue;
        return change;
      }
      try {
        await this.bucket.update(keyOf(pid), encodeLocation(change.write), entry.revision);
        return change;
      } catch (error) {
        // Somebody changed it meanwhile: what to do is decided anew on what is there now.
        if (!(error instanceof GodwitError) || error.code !== 'GODWIT_CONFLICT') throw error;
      }
    }
    throw new GodwitError('GODWIT_CONTENDED', `Cannot change process ${pid}: its location is fought over`, { fields: { pid } });
  }
}
