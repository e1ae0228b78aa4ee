/** What cluster-check prints for people: a line for each hindrance in the author's own files, and one for each kind of a package. Pure. */

import { type Hindrance, type HindranceEffect, hindranceEffects } from '@godwit/checkpoint/compile';

const shown: Readonly<Record<HindranceEffect, string>> = { pin: 'pins', wait: 'pins', putOff: 'puts off', differs: 'differs' };

const counted: Readonly<Record<HindranceEffect, string>> = {
  pin: 'for good',
  wait: 'for a while',
  putOff: 'put off',
  differs: 'different from node',
};

/** The worst first; what comes from packages, after the author's own of that kind, as `package: …: why (n places, first at …)`. */
export function linesOf(hindrances: readonly Hindrance[]): string[] {
  const lines: string[] = [];
  for (const effect of hindranceEffects) {
    const list = hindrances.filter((hindrance) => hindrance.effect === effect);
    for (const { file, line, column, why, advice, package: from } of list)
      if (from === null) lines.push(`${file}:${line}:${column}: ${shown[effect]}: ${why}; ${advice}`);
    lines.push(...packageLines(list, shown[effect]));
  }
  return lines;
}

function packageLines(list: readonly Hindrance[], effect: string): string[] {
  const groups = new Map<string, Hindrance[]>();
  for (const hindrance of list) {
    if (hindrance.package === null) continue;
    const key = `${hindrance.package}\n${hindrance.rule === 'module' || hindrance.rule === 'opens' ? hindrance.why : hindrance.rule}`;
    groups.set(key, [...(groups.get(key) ?? []), hindrance]);
  }
  return [...groups.values()].map((group) => {
    const { package: from, file, line, column, why } = group[0]!;
    const places =
      group.length === 1 ? `at ${file}:${line}:${column}` : `${group.length} places, first at ${file}:${line}:${column}`;
    return `${from}: ${effect}: ${why} (${places})`;
  });
}

/** `1 for good, 2 put off`. */
export function countOf(hindrances: readonly Hindrance[]): string {
  const counts = hindranceEffects.map(
    (effect) => [hindrances.filter((h) => h.effect === effect).length, counted[effect]] as const,
  );
  return counts
    .filter(([count]) => count > 0)
    .map(([count, text]) => `${count} ${text}`)
    .join(', ');
}
