// Svelte components compiled, React components rendered to text, lodash in between.
import _ from 'lodash';
import React from 'react';
import { renderToStaticMarkup, renderToString } from 'react-dom/server';
import { compile, parse, preprocess } from 'svelte/compiler';
import { digest, pick, random, rounds } from './rounds.cjs';

const h = React.createElement;
const Theme = React.createContext('light');
class Counter extends React.Component {
  static contextType = Theme;
  state = { count: this.props.start };
  render() {
    return h('button', { className: this.context, disabled: this.state.count > 5 }, this.state.count, ' ', this.props.children);
  }
}
const Row = React.memo(function Row({ row }) {
  const [open] = React.useState(() => row.n % 2 === 0);
  const label = React.useMemo(() => _.startCase(row.name), [row.name]);
  const id = React.useId();
  return h(
    'tr',
    { id, style: { color: row.colour, padding: row.n } },
    h('td', null, label),
    open && h('td', { dangerouslySetInnerHTML: { __html: `<b>${row.n}</b>` } }),
    h(
      Counter,
      { start: row.n },
      row.tags.map((tag) => h('i', { key: tag }, tag)),
    ),
  );
});
const Table = ({ rows, depth }) =>
  h(
    Theme.Provider,
    { value: depth % 2 ? 'dark' : 'light' },
    h(
      'table',
      null,
      h(
        'tbody',
        null,
        rows.map((row) => h(Row, { key: row.name, row })),
      ),
    ),
    depth > 0 && h(Table, { rows: rows.slice(1), depth: depth - 1 }),
  );

const component = (chance) => `<script>
  let { items = [], title = 'T${Math.floor(chance() * 99)}', ...rest } = $props();
  let count = $state(${Math.floor(chance() * 99)});
  let double = $derived(count * 2);
  $effect(() => { console.log(count); return () => {}; });
  const add = async (n) => { for await (const x of n) count += x; };
</script>
<h1 class:big={count > ${Math.floor(chance() * 9)}} {...rest}>{title.toUpperCase()}</h1>
{#if double > 4}<p>{@html title}</p>{:else if count}<b onclick={() => add([1])}>{double}</b>{:else}none{/if}
${'{#each items as { name, list }, i (name)}<li style="--i: {i}">{name}{#each list as x}{x}{:else}-{/each}</li>{/each}\n'.repeat(1 + Math.floor(chance() * 5))}
{#await Promise.resolve(items) then value}<input bind:value={title} />{value.length}{/await}
{#snippet cell(x)}<td>{x ?? 'no'}</td>{/snippet}{@render cell(count)}
<style>h1 { color: ${pick(chance, ['red', 'blue'])}; } li:nth-child(2n + 1) > b, .unused { margin: 0 }</style>`;

for (let round = 0; round < rounds; round++) {
  const chance = random(round);
  const rows = _.times(30, (n) => ({
    n,
    name: `row number ${n}`,
    colour: pick(chance, ['red', '#123']),
    tags: _.uniq(_.times(4, () => pick(chance, ['a', 'b', 'c', '<d>']))),
  }));
  const grouped = _.chain(rows)
    .groupBy('colour')
    .mapValues((list) => _.sumBy(list, 'n'))
    .toPairs()
    .sortBy(0)
    .value();
  const deep = _.merge({}, _.keyBy(rows, 'name'), _.cloneDeep({ extra: rows }));
  const html = renderToString(
    h(Table, { rows: _.shuffle === undefined ? rows : _.orderBy(rows, ['colour', 'n'], ['asc', 'desc']), depth: 3 }),
  );
  const bare = renderToStaticMarkup(h(Table, { rows, depth: 1 }));
  const source = component(chance);
  const ready = await preprocess(source, { script: async ({ content }) => ({ code: content.trim() }) });
  const client = compile(ready.code, { generate: 'client', dev: chance() < 0.3, filename: 'A.svelte' });
  const server = compile(ready.code, { generate: 'server', filename: 'A.svelte' });
  const tree = JSON.stringify(parse(source, { modern: true }));
  console.log(
    round,
    digest(html),
    html.length,
    digest(bare),
    JSON.stringify(grouped),
    digest(JSON.stringify(deep)),
    digest(client.js.code),
    client.js.code.length,
    digest(server.js.code),
    client.warnings.length,
    digest(tree),
  );
}
