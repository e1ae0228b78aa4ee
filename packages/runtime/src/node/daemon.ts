/**
 * One node: joins the cluster, hosts guests, moves them, answers control requests. One daemon a process (main.ts).
 * Keeps true: guests run here only while this node holds its lease; fenced, it ends them all at once and stops.
 * Not a scheduler: it moves what it is told to, by commands or by the balancer beside it.
 */

import { hostname } from 'node:os';
import { GodwitError, type Host, messageOf, type TimerHandle } from '@godwit/checkpoint/base';
import {
  announceCluster,
  type Bus,
  type BusMessage,
  type ClusterEntry,
  ClusterMembership,
  connectBus,
  EmbeddedHub,
  type Environment,
  type MembershipChange,
  withdrawCluster,
} from '../cluster/index.js';
import { decodeJson, encodeJson } from '../cluster/json.js';
import { type LinkAddress, type MoveHandle, moveName, NodeMoves } from '../migrate/index.js';
import { type Location, Locations, PidAllocator } from '../process/index.js';
import { Balancer } from './balancer.js';
import { BundleStore } from './bundles.js';
import type { CaptureRecord } from './capture-record.js';
import {
  askNode,
  askOwner,
  type ControlRequest,
  capturedSubject,
  controlSubject,
  drainedSubject,
  type GuestReport,
  type MoveReport,
  movedSubject,
  type NodeLoadReport,
  pause,
  type StartRequest,
} from './control.js';
import { Drain, pinsOf } from './drain.js';
import type { DrainRecord, DrainReport } from './drain-record.js';
import { needsOf, WorkerDriver } from './driver.js';
import { Guests } from './guests.js';
import { Images } from './images.js';
import { nodeLimits } from './limits.js';
import { LoadMeter } from './load.js';
import { Logs } from './logs.js';
import { MemoryWatch } from './memory-watch.js';
import { NodeFlows } from './node-flows.js';
import { rehearsalBundle } from './rehearsal.js';
import { notHere, signalGuest, signalName } from './signals.js';

export interface NodeDaemonOptions {
  readonly host: Host;
  readonly environment: Environment;
  /** The bus to join; without one the daemon runs an embedded hub and makes it findable. */
  readonly url?: string | undefined;
  readonly name?: string | undefined;
  /** Where it writes its log, for those who look for it. */
  readonly logFile?: string | undefined;
  /** Guests that name one of these pools may run here. */
  readonly pools: readonly string[];
  /** Cores this node may count on; without it, it shares those of its machine with the other nodes there. */
  readonly cores?: number | undefined;
  /** False: it moves nothing by itself. */
  readonly isBalancing: boolean;
  /** Called once when the node is over, with the reason unless it was told to stop. */
  readonly onEnd: (reason: string | undefined) => void;
}

export class NodeDaemon {
  readonly url: string;
  #membership!: ClusterMembership;
  #moves!: NodeMoves;
  #pids!: PidAllocator;
  #images!: Images;
  #balancer!: Balancer;
  #rehearsalTimer: TimerHandle | undefined;
  #meter!: LoadMeter;
  #drain!: Drain;
  #memory: MemoryWatch | undefined;
  #flows: NodeFlows | undefined;
  #isOver = false;
  #retreat: () => Promise<void> = async () => {};

  private constructor(
    private readonly options: NodeDaemonOptions,
    private readonly bus: Bus,
    url: string,
    private readonly locations: Locations,
    private readonly guests: Guests,
    private readonly driver: WorkerDriver,
    private readonly bundles: BundleStore,
    private readonly logs: Logs,
  ) {
    this.url = url;
    driver.onDrained = (pid, drain) => this.#tellDrain(pid, drain);
  }

  /** Resolves when the node is in the cluster and answers. @throws what connecting and joining throw */
  static async start(options: NodeDaemonOptions): Promise<NodeDaemon> {
    const { host, environment } = options;
    const hub = options.url === undefined ? new EmbeddedHub() : undefined;
    const url = options.url ?? (await hub!.start(host)).url;
    const bus = await connectBus(url, host, `node ${options.name ?? ''}`);
    const locations = await Locations.open(bus, host);
    const bundles = new BundleStore(environment);
    let daemon: NodeDaemon | undefined;
    const signal = (pid: number, name: string) => void daemon?.signalAnywhere(pid, name);
    const guests = new Guests(bus, host, locations, signal, () => daemon?.isOwner ?? true);
    const driver = new WorkerDriver(guests, bundles, bus);
    daemon = new NodeDaemon(options, bus, url, locations, guests, driver, bundles, new Logs(bus));
    if (hub) daemon.#announce(hub);
    guests.spares.fill(); // they load while the node joins
    try {
      await daemon.#join();
    } catch (error) {
      await guests.stop();
      throw error;
    }
    return daemon;
  }

  get node(): number {
    return this.#membership.self.id;
  }

  /** Whether what runs here is this node's: nobody else can have been told otherwise. */
  get isOwner(): boolean {
    return this.#membership?.isLeaseFresh ?? true;
  }

  /** Leaves the cluster; what runs here ends. */
  async stop(): Promise<void> {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#balancer?.stop();
    this.#rehearsalTimer?.cancel();
    const ends = [...this.guests.hosted.values()].map((guest) => this.guests.kill(guest, 'SIGTERM'));
    await Promise.race([
      Promise.all(ends).then(() => this.guests.outputIdle()),
      pause(this.options.host, nodeLimits.controlTimeoutMs),
    ]);
    await Promise.race([this.#leave(), pause(this.options.host, nodeLimits.controlTimeoutMs)]);
    await this.#close(undefined);
  }

  async #leave(): Promise<void> {
    await this.#moves.stop();
    await this.#membership
      .leave()
      .catch((error: unknown) => this.options.host.log('info', 'the lease was not given back', { reason: messageOf(error) }));
  }

  /** Sends a signal to a process wherever it is; a guest that signals nobody is only logged. */
  async signalAnywhere(pid: number, signal: string): Promise<void> {
    const { host } = this.options;
    try {
      await askOwner(this.bus, host, this.locations, pid, { op: 'signal', pid, signal });
    } catch (error) {
      host.log('info', 'a signal of a guest was not delivered', { pid, reason: messageOf(error) });
    }
  }

  #announce(hub: EmbeddedHub): void {
    const { environment, host } = this.options;
    const entry: ClusterEntry = { url: this.url, pid: process.pid, startedAtMs: host.nowMs() };
    announceCluster(environment, entry);
    this.#retreat = async () => {
      withdrawCluster(environment, entry);
      await hub.stop();
    };
  }

  async #join(): Promise<void> {
    const { host, name, logFile } = this.options;
    // The address is known only when NodeMoves listens, which needs the node id that joining gives: said with the next announcement.
    const info = { name: name ?? hostname(), osPid: process.pid, ...(logFile === undefined ? {} : { logFile }) };
    this.#membership = await ClusterMembership.join(this.bus, host, {
      info,
      onChange: (change) => this.#changed(change),
      onFence: (reason) => void this.#fenced(reason),
    });
    const { self, settings } = this.#membership;
    await this.locations.markLost(self.id, `node ${self.id} was started anew`);
    this.#pids = new PidAllocator(await this.bus.kv('godwit-pids'), self.id, settings.stride);
    this.#flows = new NodeFlows({ bus: this.bus, host, node: self.id, secret: settings.secret });
    this.guests.flows = this.#flows;
    if (this.options.url === undefined) await this.#flows.serve(); // whoever has the hub has the gateway: they end together
    this.#images = this.#imagesOf(self.id, settings.stride);
    this.#moves = await NodeMoves.start({
      host,
      node: self.id,
      secret: settings.secret,
      driver: this.driver,
      locations: this.locations,
    });
    this.#membership.setInfo({ ...info, ...this.#moves.address });
    this.#balance();
    this.bus.subscribe(controlSubject(self.id), (message) => void this.#answer(message));
    void this.bus.closed.then((reason) => reason && this.#fenced(reason.message));
    await this.bus.flush();
    this.#rehearseLater();
    this.#memory = new MemoryWatch(this.guests, this.options.host);
    this.#sweep();
  }

  #rehearseLater(): void {
    this.#rehearsalTimer = this.options.host.after(nodeLimits.rehearsalDelayMs, () => {
      // Alone, nothing moves: the time is the guests'.
      if (this.#membership.members.size === 0) return this.#rehearseLater();
      rehearsalBundle(this.bundles.compileCache).then(
        (bundle) => this.guests.spares.rehearse(bundle),
        (error: unknown) => this.options.host.log('warn', 'spare workers are not warmed up', { reason: messageOf(error) }),
      );
    });
  }

  #imagesOf(node: number, stride: number): Images {
    const { bus, guests, bundles, locations } = this;
    const keepLog = async (home: number, pid: number, firstSeq: number): Promise<void> => {
      if (home === node) this.logs.keep(pid, firstSeq);
      else await askNode(bus, home, { op: 'keepLog', pid, firstSeq });
    };
    const tellCapture = (pid: number, record: CaptureRecord) => this.#tellCapture(pid, record);
    return new Images({
      bus,
      host: this.options.host,
      tellCapture,
      guests,
      bundles,
      locations,
      pids: this.#pids,
      node,
      stride,
      keepLog,
    });
  }

  #balance(): void {
    const { host, cores, pools, isBalancing } = this.options;
    const { self } = this.#membership;
    const ownMachine = cores === undefined ? undefined : { name: `node ${self.incarnation}`, cores };
    this.#meter = new LoadMeter(this.guests, host, ownMachine);
    const move = (pid: number, to: number) => this.#migrate(pid, to);
    this.#balancer = new Balancer({
      ...{ bus: this.bus, host, node: self.id, incarnation: self.incarnation, guests: this.guests, meter: this.#meter, move },
      others: () =>
        [...this.#membership.members.values()].filter(({ state, leaving }) => state === 'alive' && !leaving).map(({ id }) => id),
      isDraining: () => this.driver.isDraining,
      pools,
      isAutomatic: isBalancing,
    });
    const best = (pid: number) => this.#balancer.best(pid);
    const { arriving, departing } = { arriving: () => this.#moves.arriving, departing: () => this.#moves.departing };
    this.#drain = new Drain({ host, guests: this.guests, best, move, arriving, departing });
  }

  #changed(change: MembershipChange): void {
    if (change.kind !== 'lost') return;
    this.#moves?.nodeLost(change.node.id);
    this.locations
      .markLost(change.node.id)
      .catch((error: unknown) => this.#warn('the guests of a lost node were not marked', error));
  }

  #sweep(): void {
    this.options.host.after(nodeLimits.sweepIntervalMs, () => {
      if (this.#isOver) return;
      const isOwned = async ({ node }: { node: number }) => node === this.node || this.#membership.hasLease(node);
      this.locations.sweepLost(isOwned).catch((error: unknown) => this.#warn('the location table was not swept', error));
      this.#sweep();
    });
  }

  async #fenced(reason: string): Promise<void> {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#balancer?.stop();
    await this.guests.stop();
    await this.#moves?.stop();
    await this.#close(reason);
  }

  async #close(reason: string | undefined): Promise<void> {
    this.#memory?.stop();
    const closed = this.guests
      .stop()
      .then(() => this.#flows?.stop())
      .then(() => this.bus.close())
      .then(() => this.#retreat());
    // A bus that went first, or a thread that does not end, must not keep the process alive.
    await Promise.race([closed, pause(this.options.host, nodeLimits.controlTimeoutMs)]);
    this.options.onEnd(reason);
  }

  async #answer(message: BusMessage): Promise<void> {
    try {
      const request = decodeJson(message.payload, 'control request') as unknown as ControlRequest; // each op verifies what it uses
      message.respond(encodeJson({ value: (await this.#do(request)) ?? null }));
    } catch (error) {
      const known =
        error instanceof GodwitError ? error : new GodwitError('GODWIT_INTERNAL', `Cannot do that: ${messageOf(error)}`);
      message.respond(encodeJson({ error: known.toJSON() }));
    }
  }

  async #do(request: ControlRequest): Promise<unknown> {
    switch (request.op) {
      case 'start':
        return this.#startGuest(request);
      case 'migrate':
        return request.isWaited === false ? this.#sendOff(request.pid, request.to) : this.#migrate(request.pid, request.to);
      case 'checkpoint':
        return this.#images.take(this.#hosted(request.pid), request.stop === true);
      case 'settle':
        return this.#images.settle(request.image, request.isSafe === true);
      case 'restore':
        return this.#images.restore(request).finally(() => this.#balancer.free(String(request.reservation)));
      case 'keepLog':
        return this.logs.keep(request.pid, request.firstSeq);
      case 'signal':
        return signalGuest(this.guests, this.#hosted(request.pid), signalName(request.signal));
      case 'arrival':
        return this.#arrival(request.pid, request.epoch);
      case 'progress':
        return this.#progress(request.pid, request.epoch);
      case 'list':
        return this.#list();
      case 'logs':
        return this.logs.read(request.pid, request.from);
      case 'drain':
        this.driver.isDraining = true;
        this.#drain.begin();
        return this.#drain.status;
      case 'load':
        return this.#balancer.report;
      case 'place':
        return this.#balancer.place(request);
      case 'best':
        return { node: await this.#balancer.best(this.#hosted(request.pid).pid) };
      case 'reserve':
        return this.#balancer.reserve({ ...request.request });
      case 'unreserve':
        return this.#balancer.free(request.id);
      case 'stop':
        setImmediate(() => void this.stop());
        return undefined;
      default:
        throw new GodwitError('GODWIT_PROTOCOL', 'Cannot do that: the node does not know the request');
    }
  }

  #hosted(pid: number) {
    const guest = this.guests.hosted.get(pid);
    if (!guest) throw notHere(pid);
    return guest;
  }

  async #startGuest(request: StartRequest): Promise<{ pid: number }> {
    if (this.driver.isDraining)
      throw new GodwitError('GODWIT_BAD_NODE', `Cannot start a process on node ${this.node}: the node is being emptied`);
    if (request.pool !== undefined && !this.options.pools.includes(request.pool))
      throw new GodwitError(
        'GODWIT_BAD_NODE',
        `Cannot start a process on node ${this.node}: it is not in the pool "${request.pool}"`,
      );
    const bundle = await this.bundles.load(request.bundle, this.bus);
    const { name, pin, detached, memoryMb, pool, weight, isShaken, reservation } = request;
    const [location, worker] = await Promise.all([this.#enter(name, request.settings.argv), this.guests.spares.take(memoryMb)]);
    const { pid } = location;
    const settings = { ...request.settings, pid };
    if (detached) this.logs.keep(pid);
    const meta = { bundleName: request.bundle, settings, pin, memoryMb, pool, weight, isShaken };
    const { guest, events } = this.guests.adopt(pid, location.epoch, meta, bundle, worker, 0);
    this.guests.hosted.set(pid, guest);
    if (reservation !== undefined) this.#balancer.free(reservation);
    worker.start(bundle, settings, events);
    return { pid };
  }

  /** Gives a new process its PID. */
  async #enter(name: string, argv: readonly string[]): Promise<Location> {
    for (;;) {
      const pid = await this.#pids.allocate();
      const startedAtMs = this.options.host.nowMs();
      try {
        return await this.locations.create({ pid, home: this.node, name, argv: argv.slice(1), startedAtMs });
      } catch (error) {
        // A process restored with its PID may have taken it first.
        if (!(error instanceof GodwitError) || error.code !== 'GODWIT_CONFLICT') throw error;
      }
    }
  }

  async #beginMove(pid: number, to: number): Promise<MoveHandle> {
    const guest = this.#hosted(pid);
    const { epoch } = guest;
    if (to === this.node) throw new GodwitError('GODWIT_BAD_NODE', `Cannot move process ${pid} to node ${to}: it is there`);
    if (guest.meta.pin) throw new GodwitError('GODWIT_PINNED', `Cannot move process ${pid}: it was started with --pin`);
    const { pool } = guest.meta;
    if (pool !== undefined && !(await askNode<NodeLoadReport>(this.bus, to, { op: 'load' })).pools.includes(pool))
      throw new GodwitError('GODWIT_BAD_NODE', `Cannot move process ${pid} to node ${to}: it is not in its pool "${pool}"`);
    const address = await this.#addressOf(to);
    return this.#moves.moveOut({ pid, epoch, toNode: to, to: address, needs: needsOf(guest) });
  }

  /** Begins a move that nobody waits for. */
  async #sendOff(pid: number, to: number): Promise<{ from: number; to: number }> {
    const handle = await this.#beginMove(pid, to);
    this.#outcome(handle, to).catch((error: unknown) =>
      this.options.host.log('info', 'a process was not moved', { pid, reason: messageOf(error) }),
    );
    return { from: this.node, to };
  }

  async #migrate(pid: number, to: number): Promise<MoveReport> {
    return this.#outcome(await this.#beginMove(pid, to), to);
  }

  /** Waits for the end of a move and tells it. One that turned out not to have all of the guest is made again. @throws GODWIT_NOT_MOVED */
  async #outcome(handle: MoveHandle, to: number): Promise<MoveReport> {
    try {
      return await this.#told(handle, to);
    } catch (error) {
      const { pid } = handle.move;
      if (!this.driver.takeDisproved(pid)) throw error;
      return this.#told(await this.#beginMove(pid, to), to);
    }
  }

  async #told(handle: MoveHandle, to: number): Promise<MoveReport> {
    const { pid, epoch } = handle.move;
    const decided = await handle.decided;
    const atMs = this.options.host.nowMs();
    const name = moveName(handle.move);
    const cost = this.driver.costs.get(name);
    this.driver.costs.delete(name);
    this.#tellCapture(pid, this.driver.records.get(name));
    this.driver.records.delete(name);
    if (decided !== 'moved' && decided.kind !== 'moved')
      throw new GodwitError('GODWIT_NOT_MOVED', `Cannot move process ${pid}: ${decided.reason}`, { fields: { pid } });
    const arrived = await askNode<{ pauseMs: number }>(this.bus, to, { op: 'arrival', pid, epoch: epoch + 1 });
    const { essenceBytes = 0, pages = 0, isPartial = false, putOff = [] } = cost ?? {};
    const { pauseMs } = arrived;
    const report = { atMs, epoch: epoch + 1, from: this.node, to, pauseMs, essenceBytes, pages, isPartial, putOff };
    if (!this.#isOver) this.bus.publish(movedSubject(pid), encodeJson(report));
    return report;
  }

  #tellCapture(pid: number, record: CaptureRecord | undefined): void {
    if (record && !this.#isOver)
      this.bus.publish(capturedSubject(pid), encodeJson({ ...record.news(this.options.host.nowMs()) }));
  }

  async #addressOf(to: number): Promise<LinkAddress> {
    for (let attempt = 0; attempt < nodeLimits.ownerTries; attempt++) {
      const info = this.#membership.members.get(to)?.info;
      if (typeof info?.address === 'string' && typeof info.port === 'number') return { address: info.address, port: info.port };
      if (!(await this.#membership.hasLease(to))) break;
      await pause(this.options.host, nodeLimits.ownerRetryMs); // it has just joined
    }
    throw new GodwitError('GODWIT_BAD_NODE', `Cannot move to node ${to}: there is no such node now (cluster-node ls lists them)`);
  }

  /** Waits until a guest that is on its way here runs; answers what its pause was. */
  async #arrival(pid: number, epoch: number): Promise<{ pauseMs: number }> {
    for (let attempt = 0; attempt < nodeLimits.ownerTries; attempt++) {
      const known = this.driver.pauses.get(pid);
      if (known && known.epoch >= epoch) return { pauseMs: await known.pauseMs };
      await pause(this.options.host, nodeLimits.ownerRetryMs);
    }
    throw notHere(pid);
  }

  #progress(pid: number, epoch: number): DrainReport {
    const drain = this.driver.drains.get(pid);
    if (drain?.epoch !== epoch) throw notHere(pid);
    return drain.report;
  }

  #tellDrain(pid: number, drain: DrainRecord): void {
    if (!this.#isOver) this.bus.publish(drainedSubject(pid), encodeJson({ ...drain.report }));
  }

  async #list(): Promise<GuestReport[]> {
    await this.#meter.sampleMemory();
    return [...this.guests.hosted.values()].map((guest) => {
      const { pid, epoch, memoryBytes, moving, use } = guest;
      const drain = this.driver.drains.get(pid);
      const remoteBytes = drain?.epoch === epoch ? drain.leftBytes : 0;
      const { isRunning, usedCores: cpuCores, cpuMs } = use;
      return { pid, memoryBytes, remoteBytes, moving, pinned: pinsOf(guest), isRunning, cpuCores, cpuMs };
    });
  }

  #warn(what: string, error: unknown): void {
    this.options.host.log('warn', what, { reason: messageOf(error) });
  }
}
