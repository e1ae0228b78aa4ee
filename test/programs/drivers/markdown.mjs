// READMEs through markdown-it with highlight.js, the result through cheerio: selected, changed, printed.
import * as cheerio from 'cheerio';
import highlighter from 'highlight.js';
import MarkdownIt from 'markdown-it';
import { digest, files, pick, random, read, rounds } from './rounds.cjs';

const readmes = files('.', 'README.md', 40_000);
const highlight = (text, language) =>
  (highlighter.getLanguage(language)
    ? highlighter.highlight(text, { language, ignoreIllegals: true })
    : highlighter.highlightAuto(text.slice(0, 300))
  ).value;
const markdown = new MarkdownIt({ html: true, linkify: true, typographer: true, highlight });
for (let round = 0; round < rounds; round++) {
  const chance = random(round);
  for (let i = 0; i < 10; i++) {
    const html = markdown.render(read(pick(chance, readmes)));
    const $ = cheerio.load(html);
    $('a[href^="http"]').each((at, link) => $(link).attr('rel', `nofollow ${at}`));
    $('pre > code')
      .filter((_, code) => $(code).text().length > 100)
      .addClass('long');
    $('h1, h2').wrapInner('<span></span>').nextUntil('h1, h2').first().remove();
    const words = $('p')
      .map((_, p) => $(p).text().split(/\s+/).length)
      .get();
    console.log(
      round,
      html.length,
      digest(html),
      digest($.html()),
      words.reduce((a, b) => a + b, 0),
    );
  }
}
