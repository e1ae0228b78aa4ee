/**
 * The programs of two public suites of benchmarks, made from clones that lie beside the repository; nothing of them is kept here.
 *
 * Each program runs one benchmark in rounds of a fixed number of turns, so that plain node and a guest do the same work, and prints a line:
 * name, milliseconds of the best round once the code is warm, and a result to compare. The suites' own checks throw out of it.
 *   are-we-fast-yet   CommonJS; a benchmark is required by its path (computed names would not be bundled)
 *   octane            scripts that share globals: base.js, the benchmark's files and the driver become one sloppy CommonJS module
 */
import fs from 'node:fs';
import path from 'node:path';

/** Rounds of a program that is timed; of these the first ones only warm up. */
const ROUNDS = 15;
const WARM_UP = 0.4;

/** Turns of a round, some tens of milliseconds of plain node. CD, Havlak, Mandelbrot and NBody know the results of few numbers. */
const areWeFastYet = {
  Bounce: 1500,
  CD: 100,
  DeltaBlue: 8000,
  Havlak: 15,
  Json: 60,
  List: 1000,
  Mandelbrot: 500,
  NBody: 250000,
  Permute: 800,
  Queens: 1000,
  Richards: 30,
  Sieve: 3000,
  Storage: 600,
  Towers: 500,
};

/**
 * Turns of a round for each benchmark, and what its scripts find in a browser or shell, the same on both sides: code that an indirect eval runs
 * sees globals, which functions of a script are and those of a module are not; zlib's asks for a shell's `read` and `print`.
 */
const octane = {
  Richards: { files: ['richards.js'], turns: [300] },
  DeltaBlue: { files: ['deltablue.js'], turns: [100] },
  Crypto: { files: ['crypto.js'], turns: [60, 4] },
  RayTrace: { files: ['raytrace.js'], turns: [15] },
  EarleyBoyer: { files: ['earley-boyer.js'], turns: [15, 3] },
  RegExp: { files: ['regexp.js'], turns: [1] },
  Splay: { files: ['splay.js'], turns: [150] },
  NavierStokes: { files: ['navier-stokes.js'], turns: [5] },
  PdfJS: {
    files: ['pdfjs.js'],
    turns: [1],
    before: 'Object.defineProperty(Object.setPrototypeOf(this, globalThis), "PDFJS", { get: function () { return PDFJS; } });',
  },
  Mandreel: { files: ['mandreel.js'], turns: [1], setup: 'globalThis.print = () => {}; globalThis.read = () => "";' },
  Gameboy: { files: ['gbemu-part1.js', 'gbemu-part2.js'], turns: [1] },
  CodeLoad: { files: ['code-load.js'], turns: [10, 2], setup: 'globalThis.MockElement = MockElement;' },
  Box2D: { files: ['box2d.js'], turns: [2] },
  zlib: {
    files: ['zlib.js', 'zlib-data.js'],
    turns: [1],
    rounds: 6,
    setup: 'globalThis.print = globalThis.printErr = () => {}; globalThis.read = () => "";',
  },
  Typescript: { files: ['typescript.js', 'typescript-input.js', 'typescript-compiler.js'], turns: [1], rounds: 6 },
};

/** `measure(name, round, result)` of both drivers: named so that no script of a suite has it. */
const measuring = `
function suiteMeasure(name, rounds, round, result) {
  const times = [];
  for (let i = 0; i < rounds; i++) {
    const before = globalThis.performance.now();
    round();
    times.push(globalThis.performance.now() - before);
  }
  const warm = times.slice(Math.floor(rounds * ${WARM_UP})).sort((a, b) => a - b);
  console.log(name + ' ' + warm[0].toFixed(3) + ' ' + result());
}
`;

function areWeFastYetProgram(folder, name) {
  const file = path.join(folder, 'benchmarks/JavaScript', `${name.toLowerCase()}.js`);
  return {
    files: [file],
    text: (rounds = ROUNDS) => `${measuring}
const benchmark = require(${JSON.stringify(file)}).newInstance();
let passed = 0;
suiteMeasure('${name}', ${rounds}, () => {
  if (!benchmark.innerBenchmarkLoop(${areWeFastYet[name]})) throw new Error('${name}: incorrect result');
  passed++;
}, () => passed + '-passed');
`,
  };
}

/** The seeded random numbers tell by the next one how many were drawn. */
function octaneProgram(folder, name) {
  const { files, turns, rounds: usual = ROUNDS, before = '', setup = '' } = octane[name];
  const paths = ['base.js', ...files].map((file) => path.join(folder, file));
  const driver = (rounds) => `;${measuring}${setup}
(function (turns) {
  const benchmarks = BenchmarkSuite.suites[0].benchmarks;
  for (let i = 0; i < benchmarks.length; i++) {
    const benchmark = benchmarks[i];
    BenchmarkSuite.ResetRNG();
    benchmark.Setup();
    suiteMeasure(benchmark.name, ${rounds}, function () {
      for (let turn = 0; turn < turns[i]; turn++) benchmark.run();
    }, function () { return Math.random(); });
    benchmark.TearDown();
  }
})(${JSON.stringify(turns)});
`;
  const scripts = () => paths.map((file) => fs.readFileSync(file, 'utf8'));
  return { files: paths, text: (rounds = usual) => [before, ...scripts(), driver(rounds)].join('\n') };
}

/** Where each suite is cloned from, and its benchmarks: name and a program with the files that it needs. */
export const suites = [
  {
    name: 'are-we-fast-yet',
    url: 'https://github.com/smarr/are-we-fast-yet',
    benchmarks: Object.keys(areWeFastYet),
    program: areWeFastYetProgram,
  },
  {
    name: 'octane',
    url: 'https://github.com/chromium/octane',
    benchmarks: Object.keys(octane),
    program: octaneProgram,
  },
];
