/** cluster-inspect: what is in an image, after all of it was verified: where it came from, its stack, heap and services. Needs no cluster. */

import { type ProcessImage, processSummary } from '../node/process-image.js';
import { command, main } from './command.js';
import { readImageFile } from './image-file.js';
import { bytesText, table } from './table.js';

const shownTypes = 10;

const program = command('cluster-inspect', 'shows what is in an image')
  .argument('<file>', 'the image')
  .option('--json', 'one JSON document')
  .addHelpText('after', '\nExamples:\n  cluster-inspect counter.image\n  cluster-inspect --json counter.image')
  .action(async (file: string, options: { json?: boolean }) => {
    const { bytes, image } = await readImageFile(file);
    const facts = factsOf(image, bytes.byteLength);
    process.stdout.write(options.json ? `${JSON.stringify({ schema: 'godwit.image/1', file, ...facts })}\n` : textOf(facts));
  });

void main(program);

type Facts = ReturnType<typeof factsOf>;

function factsOf({ header, meta }: ProcessImage, imageBytes: number) {
  const { requiredFeatures, nodeVersion, v8Version, bundleHash, createdAtMs, guest, formatVersion, sizes, sections } = header;
  const { pid, epoch, objects, heapBytes, frames, types, services } = processSummary(header);
  const { memoryMb, pin, settings } = meta;
  return {
    ...{ pid, epoch, name: guest.name, argv: guest.argv, cwd: settings.cwd, memoryMb: memoryMb ?? null, pin, createdAtMs },
    ...{ formatVersion, requiredFeatures, nodeVersion, v8Version, bundleHash },
    ...{ imageBytes, rawBytes: sizes.rawBytes, storedBytes: sizes.storedBytes, objects, heapBytes },
    sections: sections.map(({ name, rawLength, storedLength }) => ({ name, rawBytes: rawLength, storedBytes: storedLength })),
    ...{ frames, types, services },
  };
}

function textOf(facts: Facts): string {
  const pages = facts.sections.filter(({ name }) => name.startsWith('page/')).length;
  const lines = [
    `process   ${facts.pid} ${facts.name} (${facts.argv.join(' ')}), epoch ${facts.epoch}, in ${facts.cwd}`,
    `taken     ${new Date(facts.createdAtMs).toISOString()}`,
    `needs     Node ${facts.nodeVersion.split('.')[0]} (made by ${facts.nodeVersion}, V8 ${facts.v8Version}), image format ${facts.formatVersion}, ${facts.requiredFeatures.join(', ')}`,
    `bundle    ${facts.bundleHash}`,
    `sizes     ${bytesText(facts.imageBytes)} on disk, ${bytesText(facts.rawBytes)} raw, ${pages} pages`,
    `heap      ${facts.objects} objects, ${bytesText(facts.heapBytes)}`,
    `services  ${Object.entries(facts.services)
      .map(([name, count]) => `${name} ${count}`)
      .join(', ')}`,
  ];
  const frames = facts.frames.map(({ name, place }) => [name, place ? `${place.file}:${place.line}` : '(runtime)']);
  const types = [...facts.types]
    .sort((a, b) => b.bytes - a.bytes)
    .slice(0, shownTypes)
    .map(({ name, objects, bytes }) => [name, String(objects), bytesText(bytes)]);
  const stack = frames.length === 0 ? 'stack     idle\n' : table(['FRAME', 'AT'], frames);
  return `${lines.join('\n')}\n\n${stack}\n${table(['TYPE', 'OBJECTS', 'BYTES'], types)}`;
}
