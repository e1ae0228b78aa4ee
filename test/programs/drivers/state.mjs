// immer's proxies, RxJS with its virtual clock and with real timers, and XState machines: state of every kind.
import { applyPatches, enableMapSet, enablePatches, produce, produceWithPatches } from 'immer';
import { asyncScheduler, concat, from, interval, merge, of, Subject, VirtualTimeScheduler } from 'rxjs';
import {
  bufferCount,
  concatMap,
  debounceTime,
  delay,
  groupBy,
  map,
  mergeMap,
  observeOn,
  reduce,
  scan,
  share,
  switchMap,
  take,
  toArray,
  windowCount,
} from 'rxjs/operators';
import { assign, createActor, createMachine } from 'xstate';
import { digest, pick, random, rounds } from './rounds.cjs';

enablePatches();
enableMapSet();

function edit(chance, before) {
  return produceWithPatches(before, (draft) => {
    for (let i = 0; i < 50; i++) {
      const row = pick(chance, draft.rows);
      row.n += Math.floor(chance() * 10);
      if (chance() < 0.2) row.list.push({ at: i });
      if (chance() < 0.1) row.list.sort((a, b) => b.at - a.at);
      if (chance() < 0.2) draft.index.set(`k${Math.floor(chance() * 20)}`, { row: row.n });
      if (chance() < 0.1) delete row.gone;
      if (chance() < 0.1) draft.rows.splice(Math.floor(chance() * draft.rows.length), 1, { n: i, list: [], gone: true });
      for (const [, kept] of draft.index) kept.row ^= 1;
    }
  });
}

function virtual(chance) {
  const clock = new VirtualTimeScheduler();
  const seen = [];
  const keys = from(Array.from({ length: 60 }, (_, i) => i)).pipe(
    concatMap((i) => of(i).pipe(delay(Math.floor(chance() * 30), clock))),
  );
  const shared = keys.pipe(share());
  merge(
    shared.pipe(
      debounceTime(15, clock),
      map((i) => `d${i}`),
    ),
    shared.pipe(
      switchMap((i) =>
        interval(7, clock).pipe(
          take(3),
          map((t) => `s${i}.${t}`),
        ),
      ),
    ),
    shared.pipe(
      groupBy((i) => i % 3),
      mergeMap((group) =>
        group.pipe(
          bufferCount(4),
          map((list) => `g${group.key}:${list}`),
        ),
      ),
    ),
    shared.pipe(
      windowCount(10),
      mergeMap((window) => window.pipe(reduce((a, b) => a + b, 0))),
    ),
  ).subscribe((item) => seen.push(`${clock.now()} ${item}`));
  clock.flush();
  return seen.join();
}

function real(chance) {
  const subject = new Subject();
  const done = new Promise((resolve) => {
    concat(
      subject.pipe(
        observeOn(asyncScheduler),
        scan((sum, n) => (sum * 31 + n) % 1e6, 7),
      ),
      of(-1),
    )
      .pipe(toArray())
      .subscribe(resolve);
  });
  for (let i = 0; i < 100; i++) subject.next(Math.floor(chance() * 1000));
  subject.complete();
  return done;
}

const lift = createMachine({
  id: 'lift',
  context: { floor: 0, wanted: [], log: '' },
  initial: 'idle',
  states: {
    idle: {
      on: { CALL: { target: 'moving', actions: assign({ wanted: ({ context, event }) => [...context.wanted, event.floor] }) } },
    },
    moving: {
      always: [{ target: 'open', guard: ({ context }) => context.wanted[0] === context.floor }],
      on: {
        TICK: {
          target: 'moving',
          reenter: true,
          actions: assign({
            floor: ({ context }) => context.floor + Math.sign(context.wanted[0] - context.floor),
            log: ({ context }) => `${context.log}${context.floor};`,
          }),
        },
        CALL: { actions: assign({ wanted: ({ context, event }) => [...new Set([...context.wanted, event.floor])] }) },
      },
    },
    open: {
      type: 'parallel',
      states: {
        door: { initial: 'opening', states: { opening: { on: { TICK: 'closing' } }, closing: { on: { TICK: '#lift.idle' } } } },
        light: { initial: 'on', states: { on: { on: { TICK: 'off' } }, off: {} } },
      },
      entry: assign({ wanted: ({ context }) => context.wanted.slice(1) }),
    },
  },
});

function machine(chance) {
  const actor = createActor(lift);
  let states = '';
  actor.subscribe((snapshot) => {
    states += JSON.stringify(snapshot.value);
  });
  actor.start();
  for (let i = 0; i < 300; i++) actor.send(chance() < 0.7 ? { type: 'TICK' } : { type: 'CALL', floor: Math.floor(chance() * 9) });
  return states + JSON.stringify(actor.getPersistedSnapshot());
}

for (let round = 0; round < rounds; round++) {
  const chance = random(round);
  let state = { rows: Array.from({ length: 40 }, (_, n) => ({ n, list: [], gone: false })), index: new Map() };
  let patches = '';
  for (let i = 0; i < 30; i++) {
    const [next, forward, back] = edit(chance, state);
    const again = JSON.stringify(applyPatches(next, back)) === JSON.stringify(state);
    patches += `${again}${Object.isFrozen(next)}${JSON.stringify(forward)}`;
    state = produce(next, (draft) => void draft.rows.reverse());
  }
  const watched = virtual(chance);
  const sums = await real(chance);
  const lifts = machine(chance);
  console.log(
    round,
    digest(patches),
    patches.length,
    state.index.size,
    digest(watched),
    sums.at(-2),
    digest(lifts),
    lifts.length,
  );
}
