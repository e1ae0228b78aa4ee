/**
 * One program in all modes, judged. The categories, worst first:
 *   wrong moved     unmoved it is right, moved it is not: never to happen
 *   lost            it was captured and could not be restored: never to happen
 *   crashed         it took its process with it
 *   wrong compiled  it differs from plain node without any move
 *   hangs           it does not end
 *   pinned          it is right and cannot move, with the reason
 *   put off         it is right, and no instant was found at which it could be captured
 *   not reached     it is right and reaches no safepoint
 *   passed
 *   no oracle       plain node itself fails it, run as a module; of these, `global script` would pass as a script
 *   not taken       it needs what this machine does not give (another realm, agents …)
 */
import path from 'node:path';
import { isSame, pickHits, type Run, runCompiled, runForked, runMoved } from './moves.js';
import { type Compile, rightCompile } from './mutants.js';
import { runOracle } from './oracle.js';

export type Verdict =
  | 'wrong moved'
  | 'lost'
  | 'crashed'
  | 'wrong compiled'
  | 'hangs'
  | 'pinned'
  | 'put off'
  | 'not reached'
  | 'passed'
  | 'no oracle'
  | 'global script'
  | 'not taken';

export const worstFirst: readonly Verdict[] = [
  'wrong moved',
  'lost',
  'crashed',
  'wrong compiled',
  'hangs',
  'pinned',
  'put off',
  'not reached',
  'passed',
  'global script',
  'no oracle',
  'not taken',
];

/** A program to judge: a file that node runs, and what it is expected to do. */
export interface Task {
  /** Under this name it is reported. */
  name: string;
  feature: string;
  file: string;
  /** The text must be refused as a syntax error. */
  isRefused?: boolean;
  /** Ends with an uncaught error of this name. */
  throws?: string;
  /** Prints this when it has passed. */
  prints?: string;
}

export interface Options {
  seed: number;
  forks: number;
  moves: number;
  /** Moves by pages. */
  paged: number;
  mostHits: number;
}

export interface Result {
  name: string;
  feature: string;
  verdict: Verdict;
  reason: string;
  /** In this mode the verdict was reached: oracle, compiled, once, every, paged. */
  mode: 'oracle' | 'compiled' | 'once' | 'every' | 'paged';
  hits: number;
  moves: number;
  /** Of the moves by pages, such as were made in parcels and not whole. */
  inParcels: number;
  unclean: Record<string, number>;
  putOff: Record<string, number>;
}

/** Runs one program in all modes, from the oracle on, until one says that it is not right. */
export async function judge(task: Task, options: Options, compile: Compile = rightCompile): Promise<Result> {
  const made = (mode: Result['mode'], verdict: Verdict, reason = '', runs: readonly Run[] = []): Result => ({
    name: task.name,
    feature: task.feature,
    verdict,
    reason: reason.slice(0, 600),
    mode,
    hits: runs[0]?.hits ?? 0,
    moves: runs.reduce((sum, run) => sum + run.moves, 0),
    inParcels: runs.reduce((sum, run) => sum + run.inParcels, 0),
    unclean: Object.assign({}, ...runs.map((run) => run.unclean)),
    putOff: Object.assign({}, ...runs.map((run) => run.putOff)),
  });
  const oracle = await runOracle(task.file);
  const right = complaint(task, oracle.stdout, oracle.code, oracle.error);
  if (right !== undefined) {
    const script = await runOracle(task.file, true);
    const passes = complaint(task, script.stdout, script.code, script.error) === undefined;
    return made('oracle', passes ? 'global script' : 'no oracle', right);
  }
  let program: Parameters<typeof runForked>[0];
  try {
    const bundle = await compile(task.file);
    program = { bundle, cwd: path.dirname(task.file), mostHits: options.mostHits };
  } catch (error) {
    const { code, message } = error as { code?: string; message: string };
    if (task.isRefused && code === 'GODWIT_SYNTAX') return made('compiled', 'passed');
    return made('compiled', 'wrong compiled', `${code ?? 'it cannot be compiled'}: ${message}`);
  }
  const movesAtAll = options.forks + options.moves + options.paged > 0;
  const run = await runCompiled(program);
  const differs = run.timedOut ? undefined : complaint(task, run.stdout, run.code, run.stderr);
  if (run.timedOut) return made('compiled', 'hangs', '', [run]);
  if (differs !== undefined || run.stdout !== oracle.stdout)
    return made('compiled', 'wrong compiled', differs ?? `prints ${run.stdout.slice(0, 200)}`, [run]);
  if (!movesAtAll) return made('compiled', 'passed', '', [run]);
  const { run: counted } = await runForked(program, []);
  const differsCounted = wrongMoved(counted, run);
  if (differsCounted) return made('every', differsCounted, `with breakpoints: ${differenceOf(counted)}`, [counted]);
  const total = counted.hits;
  if (total === 0) return made('every', 'not reached', '', [counted]);
  const forked = await runForked(program, pickHits(total, options.forks, options.seed));
  for (const once of [...forked.moved, forked.run]) {
    const wrong = wrongMoved(once, run);
    if (wrong) return made('once', wrong, differenceOf(once), [counted, once]);
  }
  const moved = await runMoved(program, pickHits(total, options.moves, options.seed));
  const runs = [counted, ...forked.moved, moved];
  const wrong = wrongMoved(moved, run);
  if (wrong) return made('every', wrong, differenceOf(moved), runs);
  if (options.paged > 0) {
    const paged = await runMoved(program, pickHits(total, options.paged, options.seed + 1), true);
    runs.push(paged);
    const wrongByPages = wrongMoved(paged, run);
    if (wrongByPages) return made('paged', wrongByPages, differenceOf(paged), runs);
  }
  if (moved.moves > 0 || forked.moved.length > 0) return made('every', 'passed', '', runs);
  const often = Object.entries(moved.putOff).sort(([, a], [, b]) => b - a)[0]?.[0] ?? '';
  return made('every', moved.pinned === undefined ? 'put off' : 'pinned', moved.pinned ?? often, runs);
}

function wrongMoved(moved: Run, unmoved: Run): Verdict | undefined {
  if (moved.lost !== undefined) return 'lost';
  if (moved.timedOut) return 'hangs';
  return isSame(moved, unmoved) ? undefined : 'wrong moved';
}

const differenceOf = (run: Run): string =>
  `at safepoint ${run.movedAt} after ${run.moves} moves: ${run.lost ?? (run.stderr.trim() || `prints ${run.stdout}, ends with ${run.code}`)}`;

/** What is wrong with how a program ended; undefined when it is right. */
function complaint(task: Task, stdout: string, code: number, error: string): string | undefined {
  if (task.throws !== undefined || task.isRefused) {
    const name = task.throws ?? 'SyntaxError';
    return code !== 0 && error.includes(name) ? undefined : `should end with ${name}: ${error || `ends with ${code}`}`;
  }
  if (code !== 0) return error || `ends with ${code}`;
  return task.prints === undefined || stdout.includes(task.prints) ? undefined : `prints ${stdout}`;
}
