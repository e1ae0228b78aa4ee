/**
 * Subjects and keys: what is well-formed, and which pattern matches which subject.
 * Keeps true that a name checked here can stand in a protocol line (no space, no control character, no empty token).
 * Not the routing table: hub/interest.ts indexes patterns; this is the rule it must agree with.
 */

import { GodwitError } from '@godwit/checkpoint/base';
import { clusterLimits } from '../limits.js';

/** Whether a subject (no wildcards) is matched by a pattern: `*` is one token, a final `>` one or more. */
export function subjectMatches(pattern: string, subject: string): boolean {
  const patternTokens = pattern.split('.');
  const subjectTokens = subject.split('.');
  for (let i = 0; i < patternTokens.length; i++) {
    const token = patternTokens[i];
    if (token === '>') return i < subjectTokens.length;
    if (i >= subjectTokens.length) return false;
    if (token !== '*' && token !== subjectTokens[i]) return false;
  }
  return patternTokens.length === subjectTokens.length;
}

/** True for dot-separated, non-empty tokens without white space or wildcards. */
export function isSubject(subject: string): boolean {
  return isPattern(subject) && !/(^|\.)[*>](\.|$)/.test(subject);
}

/** True for a subject whose tokens may be `*`, and whose last may be `>`. */
export function isPattern(pattern: string): boolean {
  if (pattern.length === 0 || Buffer.byteLength(pattern) > clusterLimits.maxSubjectBytes) return false;
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are exactly what must not get into a protocol line
  if (/[\s\u0000-\u001f\u007f]/.test(pattern)) return false;
  const tokens = pattern.split('.');
  return tokens.every((token, i) => token.length > 0 && (token !== '>' || i === tokens.length - 1));
}

/** @throws GODWIT_BAD_SUBJECT */
export function checkSubject(subject: string): void {
  if (!isSubject(subject))
    throw badName('use the subject', subject, 'it must be non-empty tokens joined by dots, without wildcards');
}

/** @throws GODWIT_BAD_SUBJECT */
export function checkPattern(pattern: string): void {
  if (!isPattern(pattern)) throw badName('subscribe to', pattern, 'it must be non-empty tokens joined by dots');
}

/** @throws GODWIT_BAD_SUBJECT */
export function checkKey(key: string): void {
  if (!isKey(key)) throw badName('use the key', key, 'it must be tokens of letters, digits, - _ = and / joined by dots');
}

/** The pattern that matches the keys a prefix stands for. @throws GODWIT_BAD_SUBJECT */
export function prefixPattern(prefix: string): string {
  if (prefix === '') return '>';
  const pattern = prefix.endsWith('.') ? `${prefix}>` : prefix;
  checkKey(prefix.endsWith('.') ? prefix.slice(0, -1) : prefix);
  return pattern;
}

/** @throws GODWIT_BAD_SUBJECT */
export function checkBucket(bucket: string): void {
  if (!/^[-\w]{1,64}$/.test(bucket)) throw badName('open the bucket', bucket, 'its name must be letters, digits, - and _');
}

export function isKey(key: string): boolean {
  return key.length <= clusterLimits.maxKeyBytes && /^[-/_=a-zA-Z0-9]+(\.[-/_=a-zA-Z0-9]+)*$/.test(key);
}

function badName(action: string, name: string, expected: string): GodwitError {
  return new GodwitError('GODWIT_BAD_SUBJECT', `Cannot ${action} "${name.slice(0, 120)}": ${expected}`);
}
