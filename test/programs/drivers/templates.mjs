// Handlebars, Pug and Nunjucks: templates compiled to functions at run time (new Function) and filled.
import Handlebars from 'handlebars';
import nunjucks from 'nunjucks';
import pug from 'pug';
import { digest, pick, random, rounds } from './rounds.cjs';

const nouns = ['node', 'page', 'frame', 'flow', 'bird', 'river <b>', 'a & b'];
Handlebars.registerHelper('loud', (text) => String(text).toUpperCase());
Handlebars.registerHelper('times', function (n, block) {
  let out = '';
  for (let i = 0; i < n; i++) out += block.fn({ i, ...this });
  return out;
});
Handlebars.registerPartial(
  'item',
  '<li class="{{kind}}">{{loud name}}{{#if tags}} ({{#each tags}}{{this}}{{#unless @last}}, {{/unless}}{{/each}}){{/if}}</li>',
);
const environment = new nunjucks.Environment(null, { autoescape: true });
environment.addFilter('shout', (text) => `${text}!`);

function data(chance) {
  const items = Array.from({ length: 30 + Math.floor(chance() * 30) }, (_, i) => ({
    kind: pick(chance, ['a', 'b', 'c']),
    name: `${pick(chance, nouns)} ${i}`,
    price: Math.round(chance() * 1e4) / 100,
    tags: Array.from({ length: Math.floor(chance() * 4) }, () => pick(chance, nouns)),
  }));
  return { title: pick(chance, nouns), items, nested: { deep: { value: chance() } } };
}

for (let round = 0; round < rounds; round++) {
  const chance = random(round);
  for (let i = 0; i < 2; i++) {
    const word = pick(chance, nouns);
    const bars = Handlebars.compile(
      `<h1>{{title}} ${word}</h1>{{#each items}}{{> item}}{{/each}}{{#with nested.deep}}{{value}}{{/with}}{{#times 5}}{{i}}-{{title}} {{/times}}`,
    );
    const hounds = pug.compile(
      `html\n  body\n    h1= title\n    - let total = 0\n    each item, index in items\n      - total += item.price\n      .row(class=item.kind data-index=index): span= item.name\n      if item.tags.length\n        ul\n          each tag in item.tags\n            li #[em= tag] ${word.replace(/[<&].*/, '')}\n    p Total: #{total.toFixed(2)}\n`,
    );
    const jinja = `{% macro row(item, last=false) %}<tr><td>{{ item.name | shout }}</td><td>{{ item.price | round(1) }}</td></tr>{% endmacro %}{% for item in items | sort(false, true, 'name') %}{% if loop.index0 % 2 %}{{ row(item) }}{% else %}{{ item.tags | join(', ') | upper }}{% endif %}{% endfor %}{{ "${word}" | escape }} {{ items | groupby('kind') | length }}`;
    const rows = new nunjucks.Template(jinja, environment, undefined, true);
    for (let j = 0; j < 20; j++) {
      const given = data(chance);
      const all = [bars(given), hounds(given), rows.render(given)];
      console.log(round, i, ...all.map((text) => `${text.length} ${digest(text)}`));
    }
  }
}
