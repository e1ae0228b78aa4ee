/**
 * The pages of an image: records in the order of ids, cut between records.
 *
 *   pages[0]      the meta page: count, root, kinds, shapes, symbols, names of built-ins, blob pages, page index
 *   pages[n]      record pages in id order, and blob pages (one large string or buffer each) among them
 */
import { limits } from '../limits.js';
import { append, GraphWriter } from './graph-writer.js';
import type { HeapOptions } from './options.js';
import type { List } from './primordials.js';
import * as wire from './wire.js';

const Bytes = Uint8Array;

export class ImageWriter extends GraphWriter {
  readonly pages: Uint8Array[] = [new Bytes(0)];
  readonly #lengths = new wire.Numbers();
  readonly #pageFirstIds = new wire.Numbers();
  readonly #pageNumbers = new wire.Numbers();
  readonly #blobPages = new wire.Numbers();
  /** Where each page is put together, one after another. */
  readonly #page = new wire.ByteWriter();
  #firstId = 0;

  // Explicit: a default constructor spreads its arguments through the array iterator, which may be patched.
  constructor(options: HeapOptions) {
    super(options);
  }

  override endRecord(start: number): number {
    const size = this.body.at - start;
    this.#lengths.push(size);
    if (this.body.at + this.strings.characters >= limits.heapPageBytes) this.#cutPage();
    return size;
  }

  /** Writes pages[0] when every record is written. */
  finish(root: unknown, kinds: List<string>): void {
    this.#cutPage();
    const body = new wire.ByteWriter();
    const strings = new wire.StringTable();
    this.out = { body, strings };
    body.varint(this.objects.length);
    this.value(root, 0);
    this.writeNames(kinds, 0);
    const { shapes } = this.shapes;
    body.varint(shapes.length);
    for (let i = 0; i < shapes.length; i++) this.writeShape(shapes[i]!);
    this.writeSymbols(0);
    this.writeNames(this.usedBuiltins, 0);
    this.writeNumbers(this.#blobPages);
    this.writeNumbers(this.#pageFirstIds);
    this.writeNumbers(this.#pageNumbers);
    const out = new wire.ByteWriter();
    out.varint(wire.pageMeta);
    out.varint(body.at);
    out.raw(body.written());
    strings.write(out);
    this.pages[0] = out.take();
  }

  protected override keepBlob(page: Uint8Array): number {
    const id = this.#blobPages.length;
    this.#blobPages.push(this.pages.length);
    append(this.pages, page);
    return id;
  }

  #cutPage(): void {
    const count = this.#lengths.length;
    if (count === 0) return;
    const out = this.#page;
    out.varint(wire.pageRecords);
    out.varint(this.#firstId);
    out.varint(count);
    out.varint(this.body.at);
    for (let i = 0; i < count; i++) out.varint(this.#lengths.values[i]!);
    out.raw(this.body.written());
    this.strings.write(out);
    this.#pageFirstIds.push(this.#firstId);
    this.#pageNumbers.push(this.pages.length);
    append(this.pages, out.take());
    this.#firstId += count;
    this.body.at = 0;
    this.#lengths.length = 0;
  }
}
