// compromise reads English, minisearch indexes and searches it, JSZip packs and unpacks it.

import nlp from 'compromise';
import JSZip from 'jszip';
import MiniSearch from 'minisearch';
import { digest, files, pick, random, read, rounds } from './rounds.cjs';

const readmes = files('.', 'README.md', 30_000);
for (let round = 0; round < rounds; round++) {
  const chance = random(round);
  const texts = Array.from({ length: 6 }, () =>
    read(pick(chance, readmes))
      .replace(/[`*#<>|[\](){}]/g, ' ')
      .slice(0, 3000),
  );
  let spoken = '';
  for (const text of texts.slice(0, 2)) {
    const doc = nlp(text);
    doc.verbs().toPastTense();
    doc.nouns().toPlural();
    doc.contractions().expand();
    spoken +=
      doc.text() +
      JSON.stringify(doc.numbers().json()) +
      doc.match('#Adjective #Noun').out('array') +
      JSON.stringify(doc.sentences().json({ terms: false }).length);
  }
  const index = new MiniSearch({ fields: ['text'], storeFields: ['id'] });
  index.addAll(texts.map((text, id) => ({ id, text })));
  const found = ['install', 'node', 'function', 'exmaple'].map((word) =>
    index.search(word, { fuzzy: 0.2, prefix: true }).map((hit) => `${hit.id} ${hit.score.toFixed(6)}`),
  );
  const kept = MiniSearch.loadJSON(JSON.stringify(index), { fields: ['text'] }).autoSuggest('pack').length;
  const zip = new JSZip();
  texts.forEach((text, i) => {
    zip.file(`folder/${i}.txt`, text, { date: new Date(Date.UTC(2020, 1, 1 + i)), createFolders: false });
  });
  const packed = await zip.generateAsync({
    type: 'uint8array',
    compression: 'DEFLATE',
    compressionOptions: { level: 1 + Math.floor(chance() * 9) },
  });
  const again = await JSZip.loadAsync(packed, { checkCRC32: true });
  const back = await again.file('folder/3.txt').async('string');
  console.log(
    round,
    digest(spoken),
    spoken.length,
    digest(found.join()),
    kept,
    packed.length,
    digest(String.fromCharCode(...packed.subarray(0, 5000))),
    back === texts[3],
  );
}
