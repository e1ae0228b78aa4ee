/**
 * Looks at names and code without regular expressions. What runs in a pause may use none: matching would change what the guest reads in
 * RegExp.lastMatch, and would run over the backtracking stack of a match that the pause interrupted.
 */

const isDigit = (code: number): boolean => code >= 48 && code <= 57;

const isNamePart = (code: number): boolean =>
  isDigit(code) || (code >= 97 && code <= 122) || (code >= 65 && code <= 90) || code === 95 || code === 36;

/** `$e` and a number, as the compiler names environments. */
export function isEnvironmentName(name: string): boolean {
  if (name.length < 3 || !name.startsWith('$e')) return false;
  for (let i = 2; i < name.length; i++) if (!isDigit(name.charCodeAt(i))) return false;
  return true;
}

/** Letters, digits, `_` and `$` only. */
export function isPlainName(name: string): boolean {
  for (let i = 0; i < name.length; i++) if (!isNamePart(name.charCodeAt(i))) return false;
  return name.length > 0;
}

/** Whether a name stands in the code as a word of its own, and not behind a dot. */
export function namesWord(code: string, name: string): boolean {
  for (let at = code.indexOf(name); at >= 0; at = code.indexOf(name, at + 1)) {
    const before = at === 0 ? 32 : code.charCodeAt(at - 1);
    const end = at + name.length;
    const after = end === code.length ? 32 : code.charCodeAt(end);
    if (!isNamePart(before) && before !== 46 && !isNamePart(after)) return true;
  }
  return false;
}
