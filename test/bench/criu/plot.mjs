/**
 * A plot of lines on logarithmic axes as SVG, for light and dark pages. Each point is the median, the stroke above it reaches to the longest.
 * Pure: series in, text out.
 * series: [{ name, place, points: [{ x, y, longest }] }]; x and y above 0, place: 0 to 3, which says colour and mark
 */
const [width, height] = [760, 470];
const area = { left: 78, right: 24, top: 96, bottom: 62 };
/** Told apart without colours too: by their marks. */
const marks = [
  (x, y) => `<circle cx="${x}" cy="${y}" r="5"/>`,
  (x, y) => `<rect x="${n(x - 4.5)}" y="${n(y - 4.5)}" width="9" height="9"/>`,
  (x, y) => `<path d="M${x} ${n(y - 6)}l6 10.5h-12z"/>`,
  (x, y) => `<path d="M${x} ${n(y - 6.5)}l6.5 6.5l-6.5 6.5l-6.5 -6.5z"/>`,
];
const style = `
  .page { fill: #ffffff } text { font: 13px system-ui, sans-serif; fill: #1f2328 } .title { font-size: 16px; font-weight: 600 } .quiet { fill: #59636e }
  .grid { stroke: #d1d9e0; stroke-width: 1 } .line { fill: none; stroke-width: 2 } .reach { stroke-width: 1.5 }
  .s0 { stroke: #b35900; fill: #b35900 } .s1 { stroke: #a3258f; fill: #a3258f } .s2 { stroke: #0969da; fill: #0969da } .s3 { stroke: #1a7f5a; fill: #1a7f5a } .line { fill: none }
  @media (prefers-color-scheme: dark) {
    .page { fill: #0d1117 } text { fill: #f0f6fc } .quiet { fill: #9198a1 } .grid { stroke: #3d444d }
    .s0 { stroke: #f0a35e; fill: #f0a35e } .s1 { stroke: #e58fd8; fill: #e58fd8 } .s2 { stroke: #58a6ff; fill: #58a6ff } .s3 { stroke: #4cc38a; fill: #4cc38a } .line { fill: none }
  }`;

const n = (value) => Number(value.toFixed(1));
const escaped = (text) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

export function plot({ title, under, xTitle, yTitle, xTicks, yText, series }) {
  const all = series.flatMap(({ points }) => points);
  const xs = scale(xTicks[0], xTicks.at(-1), area.left + 20, width - area.right - 20);
  const decades = decadesOf(all.flatMap(({ y, longest }) => [y, longest]));
  const ys = scale(decades[0], decades.at(-1), height - area.bottom, area.top);
  const parts = [
    `<rect class="page" width="${width}" height="${height}"/>`,
    `<text class="title" x="20" y="28">${escaped(title)}</text><text class="quiet" x="20" y="48">${escaped(under)}</text>`,
    ...decades.map((y) => horizontal(n(ys(y)), yText(y))),
    ...xTicks.map((x) => `<text x="${n(xs(x))}" y="${height - area.bottom + 22}" text-anchor="middle">${x}</text>`),
    `<text class="quiet" x="${n((area.left + width - area.right) / 2)}" y="${height - 14}" text-anchor="middle">${escaped(xTitle)}</text>`,
    `<text class="quiet" transform="translate(18 ${n((area.top + height - area.bottom) / 2)}) rotate(-90)" text-anchor="middle">${escaped(yTitle)}</text>`,
    ...series.map((each) => seriesText(each, xs, ys)),
    ...legend(series),
  ];
  const head = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img" aria-label="${escaped(title)}">`;
  return `${head}\n<style>${style}\n</style>\n${parts.join('\n')}\n</svg>\n`;
}

/** Powers of ten around all of them, two at least. */
export function decadesOf(values) {
  const low = Math.floor(Math.log10(Math.min(...values)));
  const high = Math.max(low + 1, Math.ceil(Math.log10(Math.max(...values))));
  return Array.from({ length: high - low + 1 }, (_, i) => 10 ** (low + i));
}

function scale(from, to, fromAt, toAt) {
  const span = Math.log(to / from) || 1;
  return (value) => fromAt + ((toAt - fromAt) * Math.log(value / from)) / span;
}

function horizontal(y, text) {
  return `<line class="grid" x1="${area.left}" x2="${width - area.right}" y1="${y}" y2="${y}"/><text x="${area.left - 8}" y="${n(y + 4.5)}" text-anchor="end">${escaped(text)}</text>`;
}

function seriesText({ points, place: i }, xs, ys) {
  const at = points.map(({ x, y, longest }) => ({ x: n(xs(x)), y: n(ys(y)), longest: n(ys(longest)) }));
  const line = at.map(({ x, y }, j) => `${j === 0 ? 'M' : 'L'}${x} ${y}`).join('');
  const reaches = at.map(({ x, y, longest }) => `<line class="reach" x1="${x}" x2="${x}" y1="${y}" y2="${longest}"/>`).join('');
  return `<g class="s${i}"><path class="line s${i}" d="${line}"/>${reaches}${at.map(({ x, y }) => marks[i](x, y)).join('')}</g>`;
}

function legend(series) {
  const step = (width - area.left) / series.length;
  return series.map(({ name, place }, i) => {
    const x = n(area.left + i * step);
    return `<g class="s${place}">${marks[place](x, 72)}</g><text x="${n(x + 12)}" y="76.5">${escaped(name)}</text>`;
  });
}
