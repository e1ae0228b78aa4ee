/**
 * The results as they are kept: a row for each section, size and way to move, with every run of it, when and where it was seen. Rows that
 * are measured again take the place of those that were there. Pure.
 * row: { section, size, mode, at, machine, criu, skipped?, runs: [{ outcome, reason?, load, pauseMs … }] }
 */
export const schema = 'godwit.bench-criu/1';

const isSame = (a, b) => a.section === b.section && a.size === b.size && a.mode === b.mode;

export function merged(old, rows) {
  const kept = (old?.schema === schema ? old.rows : []).filter((each) => !rows.some((row) => isSame(row, each)));
  return { schema, rows: [...kept, ...rows] };
}

/** In the order of the sections, sizes ascending, ways to move as they are listed. */
export function ordered(rows, sections, modes) {
  const order = (list, name) => Object.keys(list).indexOf(name);
  return [...rows].sort(
    (a, b) =>
      order(sections, a.section) - order(sections, b.section) || a.size - b.size || order(modes, a.mode) - order(modes, b.mode),
  );
}
