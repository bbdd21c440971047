import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Another one for every change of the product; the same for the same code, so that nobody meets by chance what was there before. */
export function seedOfCode(): number {
  const code = join(import.meta.dirname, '..', '..', 'src');
  const hash = createHash('sha256');
  const files = readdirSync(code, { recursive: true, encoding: 'utf8' });
  for (const file of files.filter((name) => name.endsWith('.js')).sort())
    hash.update(readFileSync(join(code, file)));
  return hash.digest().readUInt32BE();
}
