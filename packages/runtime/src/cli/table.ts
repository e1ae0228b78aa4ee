/** Tables for people: columns as wide as their widest cell, numbers to the right; sizes and times as people read them. */

export function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = header.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column]!.length)));
  const isNumber = header.map(
    (_, column) => rows.length > 0 && rows.every((row) => /^[\d.:]*[A-Za-z]{0,3}$|^-$/.test(row[column]!)),
  );
  const line = (cells: readonly string[]) =>
    cells.map((cell, i) => (isNumber[i] ? cell.padStart(widths[i]!) : cell.padEnd(widths[i]!))).join('  ');
  return `${[header, ...rows].map((row) => line(row).trimEnd()).join('\n')}\n`;
}

export function bytesText(bytes: number): string {
  if (bytes < 1024) return `${bytes}B`;
  const power = Math.min(3, Math.floor(Math.log2(bytes) / 10));
  return `${(bytes / 1024 ** power).toFixed(1)}${'KMG'[power - 1]}`;
}

export function timeText(ms: number): string {
  const seconds = Math.floor(ms / 1000);
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
}
