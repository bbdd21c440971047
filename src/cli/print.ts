/** Writes the lines to stdout. */
export function printLines(lines: Iterable<string>): void {
  for (const line of lines) process.stdout.write(`${line}\n`);
}
