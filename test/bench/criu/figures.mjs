/**
 * Figures of a move from what its program and its clients noted, and of many moves. Pure.
 * A gap is [when the beat before it was, how long it was], in ms of the wall clock; a round is [when it began, how long it took].
 */

/** A command's own end is heard of a little later than the program goes on. */
const hearingMs = 50;

/** A program is as fast as before when its rounds of a fifth of a second take so much of one before the move, at most. */
const backAtSpeed = 1.25;
const lookMs = 200;
/** Rounds before the move that tell what one takes. */
const baseMs = 2_000;

/** @param move { beganAtMs, arrivedAtMs, wholeAtMs, stopAtMs }: when it was asked for, known to have arrived, to be whole, and told to end */
export function figures(gaps, move) {
  const inMove = gaps.filter(([atMs]) => atMs >= move.beganAtMs && atMs <= move.arrivedAtMs + hearingMs);
  const pause = longest(inMove);
  if (!pause) throw new Error('the program did not stand still in its move');
  const later = gaps.filter(([atMs]) => atMs > pause[0] && atMs <= move.stopAtMs);
  const before = gaps.filter(([atMs, ms]) => atMs + ms <= move.beganAtMs && atMs > move.beganAtMs - 3_000);
  return {
    pauseMs: pause[1],
    /** From the last beat before it to when everything is at the target. */
    totalMs: Math.max(pause[1], move.wholeAtMs - pause[0]),
    laterStallMs: longest(later)?.[1] ?? 0,
    unmovedStallMs: longest(before)?.[1] ?? 0,
  };
}

/** What the move cost a program that goes over all it holds: the pause and everything behind it, until it is as fast as before. */
export function roundFigures(rounds, move) {
  const before = rounds.filter(([atMs, ms]) => atMs + ms <= move.beganAtMs && atMs > move.beganAtMs - baseMs);
  if (before.length === 0) throw new Error('the program did not get round once before its move');
  const roundMs = mean(before);
  let lostMs = 0;
  let longestRoundMs = 0;
  for (const group of groups(rounds.filter(([atMs, ms]) => atMs + ms > move.beganAtMs))) {
    if (group[0][0] > move.wholeAtMs && mean(group) <= backAtSpeed * roundMs) break;
    for (const [, ms] of group) {
      lostMs += ms - roundMs;
      longestRoundMs = Math.max(longestRoundMs, ms);
    }
  }
  return { roundMs, longestRoundMs, lostMs: Math.round(lostMs) };
}

const mean = (rounds) => rounds.reduce((sum, [, ms]) => sum + ms, 0) / rounds.length;

/** Of rounds one after the other that take lookMs together; what is left at the end is too few to tell. */
function* groups(rounds) {
  let group = [];
  let sumMs = 0;
  for (const round of rounds) {
    group.push(round);
    sumMs += round[1];
    if (sumMs < lookMs) continue;
    yield group;
    group = [];
    sumMs = 0;
  }
}

export function clientFigures({ trips, wrong, broken, long }, move) {
  const inMove = long.filter(([atMs, ms]) => atMs + ms >= move.beganAtMs && atMs <= move.wholeAtMs + hearingMs);
  return { longestTripMs: longest(inMove)?.[1] ?? 0, trips, wrongAnswers: wrong, brokenClients: broken };
}

/** The smallest value that so large a part of them does not exceed; undefined of none. */
export function quantile(values, part) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(part * sorted.length) - 1)];
}

/** { outcomes: how many of each, and of those that moved for each figure the median and the longest } */
export function summary(runs) {
  const moved = runs.filter(({ outcome }) => outcome === 'moved');
  const names = ['pauseMs', 'totalMs', 'laterStallMs', 'unmovedStallMs', 'bytes', 'roundMs', 'lostMs', 'longestTripMs'];
  const of = {};
  for (const name of names) {
    const values = moved.map((run) => run[name]).filter((value) => value !== undefined);
    if (values.length > 0) of[name] = { median: quantile(values, 0.5), p99: quantile(values, 0.99) };
  }
  const others = runs.filter(({ outcome }) => outcome !== 'moved').map(({ reason }) => reason);
  return { moved: moved.length, runs: runs.length, others: [...new Set(others)], ...of };
}

const longest = (list) => list.reduce((found, each) => (found && found[1] >= each[1] ? found : each), undefined);
