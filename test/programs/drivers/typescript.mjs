// The type checker and emitter over the TypeScript sources of rxjs: another operator's file and all it imports in each round.
import path from 'node:path';
import ts from 'typescript';
import { digest, files, pick, random, read, rounds } from './rounds.cjs';

const operators = files('rxjs/src/internal/operators', '.ts');
const options = {
  target: ts.ScriptTarget.ES2020,
  module: ts.ModuleKind.CommonJS,
  moduleResolution: ts.ModuleResolutionKind.Node10,
  lib: ['lib.es2020.d.ts'],
  types: [],
  strict: true,
  declaration: true,
};
const host = ts.createCompilerHost(options);
const library = path.dirname(files('typescript/lib', 'lib.es5.d.ts', 1e6)[0]);
host.getDefaultLibLocation = () => library;
host.getDefaultLibFileName = () => path.join(library, 'lib.es2020.d.ts');
const parsed = new Map();
const getSourceFile = host.getSourceFile;
host.getSourceFile = (name, ...rest) => {
  if (!parsed.has(name)) parsed.set(name, getSourceFile(name, ...rest));
  return parsed.get(name);
};

for (let round = 0; round < rounds; round++) {
  const chance = random(round);
  const file = pick(chance, operators);
  // A mistake now and then, so that there is something to report.
  const text = `${read(file)}\nexport const mistake${round}: ${pick(chance, ['string', 'number', 'Map<string, number[]>'])} = ${pick(chance, ['1', '"a"', 'new Map([[1, 2]])'])};\n`;
  parsed.set(file, ts.createSourceFile(file, text, options.target, true));
  const program = ts.createProgram({ rootNames: [file], options, host });
  const found = ts.getPreEmitDiagnostics(program);
  let output = '';
  program.emit(program.getSourceFile(file), (name, written) => {
    output += path.basename(name) + written;
  });
  const checker = program.getTypeChecker();
  let types = '';
  const visit = (node) => {
    if (ts.isIdentifier(node)) types += checker.typeToString(checker.getTypeAtLocation(node));
    ts.forEachChild(node, visit);
  };
  visit(program.getSourceFile(file));
  const messages = found.map((d) => `${d.code} ${ts.flattenDiagnosticMessageText(d.messageText, ' ')}`);
  console.log(round, path.basename(file), digest(output), digest(types), types.length, messages.length, messages.at(-1));
  parsed.delete(file);
}
