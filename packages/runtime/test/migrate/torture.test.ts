import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sourceStep } from '../../src/migrate/source.js';
import { targetStep } from '../../src/migrate/target.js';
import { type Fault, goodRules, modelDelays, type Result, type Rules, runMove } from './world.js';

const faults: Fault[] = ['lose', 'loseAnswer', 'repeat', 'delay', 'delayLong', 'fail', 'killSource', 'killTarget'];
const describeRun = (name: string, { violations, trace }: Result) => `${name}: ${violations.join('; ')}\n  ${trace.join('\n  ')}`;

/** Every single fault at every operation, and every pair of them, until the operations run out. */
function sweep(rules: Rules): { runs: number; bad: string[] } {
  const bad: string[] = [];
  let runs = 0;
  const tryPlan = (plan: Record<number, Fault>) => {
    const result = runMove((operation) => plan[operation] ?? 'none', rules);
    runs++;
    if (result.violations.length > 0) bad.push(describeRun(JSON.stringify(plan), result));
    return result.operations;
  };
  const clean = tryPlan({});
  for (let first = 0; first < clean; first++) {
    for (const fault of faults) {
      const operations = tryPlan({ [first]: fault });
      for (let second = first + 1; second < operations; second++) {
        for (const other of faults) tryPlan({ [first]: fault, [second]: other });
      }
    }
  }
  return { runs, bad };
}

/** The target dies after LOADED, and the COMMIT gets through only when everybody knows of its death. */
const lateCommit = (operation: number): Fault =>
  (({ 6: 'killTarget', 7: 'lose', 8: 'lose' }) as Record<number, Fault>)[operation] ?? 'none';

/** Many faults at random, messages overtaking each other. */
function storm(rules: Rules, numRuns: number) {
  const fault = fc.oneof(
    { weight: 6, arbitrary: fc.constant<Fault>('none') },
    { weight: 4, arbitrary: fc.constantFrom(...faults) },
  );
  const property = fc.property(fc.array(fault, { maxLength: 60 }), fc.infiniteStream(fc.nat(40)), (plan, jitter) => {
    const result = runMove(
      (operation) => plan[operation] ?? 'none',
      rules,
      () => jitter.next().value as number,
    );
    if (result.violations.length > 0) throw new Error(describeRun('storm', result));
  });
  return fc.check(property, { numRuns });
}

describe('a move', () => {
  it('without faults moves the guest and drains', () => {
    const { violations, location } = runMove(() => 'none');
    expect(violations).toEqual([]);
    expect(location).toMatchObject({ state: 'running', node: 2, epoch: 5 });
  });

  it('leaves exactly one owner, or a loss with a reason, under every pair of faults at every pair of steps', () => {
    const { runs, bad } = sweep(goodRules);
    expect(runs).toBeGreaterThan(3_000);
    expect(bad.length, bad.slice(0, 3).join('\n')).toBe(0);
  }, 60_000);

  it('leaves exactly one owner, or a loss with a reason, in a storm of faults', () => {
    const outcome = storm(goodRules, 3_000);
    const { errorInstance } = outcome;
    expect(
      outcome.failed,
      `seed ${outcome.seed}, path ${outcome.counterexamplePath}\n${(errorInstance as Error | undefined)?.message}`,
    ).toBe(false);
  }, 60_000);

  it('does not commit a guest to a target that was declared lost before the COMMIT arrived', () => {
    expect(runMove(lateCommit).violations).toEqual([]);
    expect(runMove(lateCommit).location).toMatchObject({ state: 'running', node: 1 });
    const ignorant: Rules = {
      ...goodRules,
      source: (state, event) => (event.type === 'targetLost' ? { state, commands: [] } : sourceStep(state, event)),
    };
    expect(runMove(lateCommit, ignorant).violations).not.toEqual([]);
  });

  it('is modelled with delays that pass the bounds they are meant to pass', () => {
    expect(modelDelays.past).toBeLessThan(7_000);
    expect(modelDelays.pastAll).toBeLessThan(45_000);
  });
});

describe('the torture test catches', () => {
  const broken: Record<string, Rules> = {
    'a source that frees the guest before the COMMIT': {
      ...goodRules,
      source(state, event) {
        const step = sourceStep(state, event);
        const commits = step.commands.some((command) => command.type === 'commit');
        return commits ? { ...step, commands: [{ type: 'release' }, ...step.commands] } : step;
      },
    },
    'a source that takes the guest back when the answer to the COMMIT is lost': {
      ...goodRules,
      source(state, event) {
        const step = sourceStep(state, event);
        if (step.state.phase !== 'undecided') return step;
        const reason = 'guessed';
        return {
          state: { ...step.state, phase: 'takingBack', reason },
          commands: [...step.commands, { type: 'takeBack', reason }],
        };
      },
    },
    'a target that drops a loaded guest without asking the table': {
      ...goodRules,
      target(state, event) {
        const step = targetStep(state, event);
        return step.state.phase === 'deciding' ? targetStep(step.state, { type: 'abandonAnswer', answer: 'abandoned' }) : step;
      },
    },
    'a target that starts when RUN does not come': {
      ...goodRules,
      target(state, event) {
        const step = targetStep(state, event);
        return step.state.phase === 'deciding' ? targetStep(step.state, { type: 'message', message: { type: 'run' } }) : step;
      },
    },
    'a source that goes on running while it is captured': {
      ...goodRules,
      source(state, event) {
        const step = sourceStep(state, event);
        const commits = step.commands.some((command) => command.type === 'commit');
        return commits ? { ...step, commands: [...step.commands, { type: 'takeBack', reason: 'impatient' }] } : step;
      },
    },
  };
  for (const [name, rules] of Object.entries(broken)) {
    it(name, () => {
      expect(sweep(rules).bad.length).toBeGreaterThan(0);
    }, 60_000);
  }
});
