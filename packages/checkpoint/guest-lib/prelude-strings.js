/**
 * String.prototype.replace and replaceAll with a function. All matches are found before the first call (ECMAScript 22.2.6.11, 22.1.3.20),
 * so the native functions find them, and only the calls stand here, where a guest can be captured.
 */
/** `given` as a native function gives them: match, captures, position, text, perhaps groups. */
function replaceEach(text, matches, callback) {
  let out = '';
  let behind = 0;
  for (let i = 0; i < matches.length; i++) {
    const given = matches[i];
    const n = given.length;
    let value;
    if (n === 3) value = callback(given[0], given[1], given[2]);
    else if (n === 4) value = callback(given[0], given[1], given[2], given[3]);
    else value = $$natives.apply(callback, undefined, given);
    if (typeof value !== 'string') value = `${value}`;
    const at = typeof given[n - 1] === 'string' ? given[n - 2] : given[n - 3];
    if (at < behind) continue;
    out += $$natives.slice(text, behind, at) + value;
    behind = at + given[0].length;
  }
  return out + $$natives.slice(text, behind);
}

$$natives.define(String.prototype, {
  replace(pattern, by) {
    'use strict';
    if (typeof by !== 'function' || typeof this !== 'string') return $$natives.replace(this, pattern, by);
    if (by === $$natives.leaf) {
      $$natives.leaf = undefined;
      if ($$natives.on) return $$natives.replace(this, pattern, by);
    }
    if (typeof pattern !== 'string') {
      const matches = $$natives.matches(this, pattern, false);
      return matches === undefined ? $$natives.replace(this, pattern, by) : replaceEach(this, matches, by);
    }
    const at = $$natives.indexOf(this, pattern);
    if (at < 0) return this;
    const value = by(pattern, at, this);
    return `${$$natives.slice(this, 0, at)}${value}${$$natives.slice(this, at + pattern.length)}`;
  },
  replaceAll(pattern, by) {
    'use strict';
    if (typeof by !== 'function' || typeof this !== 'string') return $$natives.replaceAll(this, pattern, by);
    if (by === $$natives.leaf) {
      $$natives.leaf = undefined;
      if ($$natives.on) return $$natives.replaceAll(this, pattern, by);
    }
    if (typeof pattern !== 'string') {
      const matches = $$natives.matches(this, pattern, true);
      return matches === undefined ? $$natives.replaceAll(this, pattern, by) : replaceEach(this, matches, by);
    }
    const matches = [];
    // biome-ignore lint/complexity/useMathMinMax: Math is the guest's
    const step = pattern.length > 1 ? pattern.length : 1;
    for (let at = $$natives.indexOf(this, pattern, 0); at >= 0; at = $$natives.indexOf(this, pattern, at + step)) {
      matches[matches.length] = [pattern, at, this];
      if (at + step > this.length) break;
    }
    return replaceEach(this, matches, by);
  },
});
