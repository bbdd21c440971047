import { readdirSync, readFileSync } from 'node:fs';

/** A fenced block of code in a document. */
export interface Block {
  readonly file: string;
  /** Of its first line in the file, from 1. */
  readonly line: number;
  readonly language: string;
  readonly text: string;
}

/** What a user reads. */
export const DOCUMENTS = ['README.md', ...readdirSync('docs').map((name) => `docs/${name}`)]
  .filter((file) => file.endsWith('.md'))
  .sort();

/** Those in one of these languages; all without. */
export function blocksOf(file: string, ...languages: readonly string[]): Block[] {
  const blocks: Block[] = [];
  let open: { readonly language: string; readonly line: number; text: string } | null = null;
  for (const [i, text] of readFileSync(file, 'utf8').split('\n').entries()) {
    const fence = /^\s*```(\w*)/.exec(text);
    if (fence === null) {
      if (open !== null) open.text += `${text}\n`;
    } else if (open === null) open = { language: fence[1]!, line: i + 2, text: '' };
    else {
      blocks.push({ file, ...open });
      open = null;
    }
  }
  return blocks.filter(({ language }) => languages.length === 0 || languages.includes(language));
}

/** The text with addresses, directories and the like of a test in place of its own. */
export function substitute(text: string, words: Readonly<Record<string, string>>): string {
  // The longest first: one may begin another.
  const known = Object.keys(words).sort((a, b) => b.length - a.length);
  const pattern = known.map((word) => word.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('|');
  return text.replaceAll(new RegExp(pattern, 'g'), (word) => words[word]!);
}
