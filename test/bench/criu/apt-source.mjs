/** The line that adds another suite of Debian to apt's sources: from the archive, and with the key, that a machine's own suite comes with. */

/**
 * @param {string[]} texts lists of sources, in one line each or as stanzas
 * @param {string} osRelease
 * @throws Error when none of them is Debian's own
 */
export function debianSource(texts, osRelease, suite) {
  const own = /^VERSION_CODENAME=(\S+)/m.exec(osRelease)?.[1];
  if (!/^ID=debian$/m.test(osRelease) || own === undefined) throw new Error('this is not Debian');
  for (const text of texts) {
    for (const { uri, suites, key } of [...stanzas(text), ...lines(text)])
      if (suites.includes(own)) return `deb ${key ? `[signed-by=${key}] ` : ''}${uri} ${suite} main\n`;
  }
  throw new Error(`no source of apt is for "${own}"`);
}

function* stanzas(text) {
  for (const stanza of text.split(/\n\s*\n/)) {
    const field = (name) => new RegExp(`^${name}:[ \\t]*(.+)$`, 'm').exec(stanza)?.[1].trim();
    const uri = field('URIs')?.split(/\s+/)[0];
    if (uri) yield { uri, suites: field('Suites')?.split(/\s+/) ?? [], key: field('Signed-By') };
  }
}

function* lines(text) {
  for (const [, options, uri, suite] of text.matchAll(/^deb\s+(?:\[([^\]]*)\]\s+)?(\S+)\s+(\S+)\s+/gm))
    yield { uri, suites: [suite], key: /signed-by=(\S+)/.exec(options ?? '')?.[1] };
}
