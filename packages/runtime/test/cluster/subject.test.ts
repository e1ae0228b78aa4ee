import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { InterestIndex } from '../../src/cluster/hub/interest.js';
import { isPattern, isSubject, prefixPattern, subjectMatches } from '../../src/cluster/subject.js';

const token = fc.constantFrom('a', 'b', 'c');
const subject = fc.array(token, { minLength: 1, maxLength: 4 }).map((tokens) => tokens.join('.'));
const pattern = fc
  .tuple(fc.array(fc.oneof(token, fc.constant('*')), { maxLength: 4 }), fc.boolean())
  .filter(([tokens, rest]) => tokens.length > 0 || rest)
  .map(([tokens, rest]) => [...tokens, ...(rest ? ['>'] : [])].join('.'));

/** The rule said another way: a pattern is a regular expression over the whole subject. */
function model(patternText: string, subjectText: string): boolean {
  const source = patternText
    .split('.')
    .map((part) => (part === '*' ? '[^.]+' : part === '>' ? '.+' : part))
    .join('\\.');
  return new RegExp(`^${source}$`).test(subjectText);
}

describe('subjects', () => {
  it('match patterns as the model says', () => {
    fc.assert(
      fc.property(pattern, subject, (p, s) => subjectMatches(p, s) === model(p, s)),
      { numRuns: 2000 },
    );
  });

  it('are found by the interest index exactly when they match, through additions and removals', () => {
    const steps = fc.array(fc.record({ pattern, removed: fc.boolean() }), { maxLength: 20 });
    fc.assert(
      fc.property(steps, subject, (wanted, s) => {
        const index = new InterestIndex<{ subject: string; queue: undefined }>();
        const interests = wanted.map((step) => ({ subject: step.pattern, queue: undefined, removed: step.removed }));
        for (const interest of interests) index.add(interest);
        for (const interest of interests) if (interest.removed) index.remove(interest);
        const expected = interests.filter((interest) => !interest.removed && model(interest.subject, s));
        expect(new Set(index.matches(s))).toEqual(new Set(expected));
        expect(index.matches(s).length).toBe(expected.length);
      }),
    );
  });

  it('of a queue group reach one member, whichever the dice choose', () => {
    const index = new InterestIndex<{ subject: string; queue: string | undefined }>();
    const members = ['x', 'x', 'y'].map((queue) => ({ subject: 'a.*', queue }));
    const plain = { subject: 'a.>', queue: undefined };
    for (const interest of [...members, plain]) index.add(interest);
    fc.assert(
      fc.property(fc.double({ min: 0, max: 0.999, noNaN: true }), (dice) => {
        const receivers = index.receivers('a.b', () => dice);
        expect(receivers.map((r) => r.queue ?? '').sort()).toEqual(['', 'x', 'y']);
      }),
    );
  });

  it('are refused when they could break out of a protocol line or mean nothing', () => {
    for (const bad of ['', '.', 'a.', '.a', 'a b', 'a\tb', 'a\r\nPING', 'a\0', 'x'.repeat(2000)])
      expect(isSubject(bad), bad).toBe(false);
    expect([isSubject('a.*'), isPattern('a.*'), isPattern('>.a'), isSubject('$KV.x.a-b_c=/')]).toEqual([
      false,
      true,
      false,
      true,
    ]);
    expect([prefixPattern(''), prefixPattern('a.'), prefixPattern('a.b')]).toEqual(['>', 'a.>', 'a.b']);
  });
});
