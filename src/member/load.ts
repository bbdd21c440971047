import type { CancelSignal } from '../api/cancel-signal.ts';
import type { LoadItems, LoadOptions, LoadProgress } from '../api/load.ts';
import type { Receipt, Statement, WriteOptions } from '../api/request.ts';
import type { SqlArgs } from '../api/value.ts';
import { atStatement, PacelineError } from '../base/errors.ts';
import { unlessAborted } from './unless-aborted.ts';

/** An entry of some hundred kilobytes: the log is synced once for it, and other writers wait milliseconds. */
const CHUNK_ITEMS = 1_000;
const CHUNK_BYTES = 2 ** 20;

type Batch = (statements: readonly Statement[], options: WriteOptions) => Promise<Receipt>;

/** See `LocalWrites.load`. */
export async function load(
  batch: Batch,
  sql: string,
  items: LoadItems,
  { chunkItems, chunkBytes, onProgress, id, ...options }: LoadOptions,
): Promise<LoadProgress> {
  const limits = { items: chunkItems ?? CHUNK_ITEMS, bytes: chunkBytes ?? CHUNK_BYTES };
  for (const [name, limit] of Object.entries(limits))
    if (!Number.isSafeInteger(limit) || limit < 1)
      throw new PacelineError(
        'REQUEST_INVALID',
        `the ${name} of a chunk are a whole number from 1`,
      );
  const signal = options.signal ?? null;
  const chunks = chunksOf(items, limits);
  let progress: LoadProgress = { items: 0, chunks: 0, position: null };
  for await (const chunk of unlessGivenUp(chunks, signal)) {
    const statements = chunk.map((args) => ({ sql, args }));
    const named = id === undefined ? options : { ...options, id: `${id}.${progress.chunks}` };
    const { position } = await batch(statements, named).catch((error: unknown) => {
      throw ofItem(error, progress.items);
    });
    progress = { items: progress.items + chunk.length, chunks: progress.chunks + 1, position };
    onProgress?.(progress);
  }
  return progress;
}

/** The same chunks, as long as the load is wanted; an asynchronous source may be silent for long. */
async function* unlessGivenUp<T>(
  chunks: AsyncGenerator<T>,
  signal: CancelSignal | null,
): AsyncGenerator<T> {
  try {
    for (;;) {
      const next = await unlessAborted(signal, chunks.next());
      if (next.done === true) return;
      yield next.value;
    }
  } finally {
    const ended = chunks.return(undefined);
    // A source that is silent hears of its end with its next item only, and nobody is there to be told of its errors.
    if (signal?.aborted === true) ended.catch(ignore);
    else await ended;
  }
}

function ignore(): void {}

/** Statements are counted from the first item of all. */
function ofItem(error: unknown, itemsBefore: number): unknown {
  if (!(error instanceof PacelineError) || error.statementIndex === undefined) return error;
  return atStatement(error, itemsBefore + error.statementIndex);
}

async function* chunksOf(
  items: LoadItems,
  limits: { readonly items: number; readonly bytes: number },
): AsyncGenerator<SqlArgs[]> {
  let chunk: SqlArgs[] = [];
  let bytes = 0;
  for await (const args of items) {
    chunk.push(args);
    bytes += bytesOf(args);
    if (chunk.length < limits.items && bytes < limits.bytes) continue;
    yield chunk;
    chunk = [];
    bytes = 0;
  }
  if (chunk.length > 0) yield chunk;
}

function bytesOf(args: SqlArgs): number {
  let bytes = 0;
  for (const value of Object.values(args ?? {}))
    bytes += typeof value === 'string' || value instanceof Uint8Array ? value.length : 8;
  return bytes;
}
