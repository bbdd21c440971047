/**
 * Appends to the log in the directory given, printing the index of each entry when it is durable.
 */
import { writeSync } from 'node:fs';
import { baseAt, change, entriesFrom, open } from './fixtures.ts';

const WRITES_AT_ONCE = 8;

const log = await open(process.argv[2] ?? '', { segmentBytesMax: 8192 });
const term = log.hardState.term + 1;
const hardState = { term, vote: 'a', commit: 0 };
log.write(change({ hardState }), () => {});

function appendNext(): void {
  const index = log.lastIndex + 1;
  log.write(change({ entries: entriesFrom(index, 1, term, 120) }), () => {
    writeSync(1, `${index}\n`);
    if (index % 50 === 0) log.compact(baseAt(index - 20, log.term(index - 20) ?? 0));
    appendNext();
  });
}

for (let i = 0; i < WRITES_AT_ONCE; i++) appendNext();
