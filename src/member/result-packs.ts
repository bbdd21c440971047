import { writeResults } from '../api/wire.ts';
import { ByteWriter } from '../base/bytes.ts';
import type { EntryId } from '../raft/entry.ts';
import type { Outcome } from '../sqlite/executor.ts';
import type { ForwardedResults } from './protocol.ts';

interface Pack {
  readonly keys: number[];
  readonly lengths: number[];
  readonly bytes: ByteWriter;
}

/** Gathers the results of forwarded writes, by position: nearly always one pack for a whole commit. */
export class ResultPacks {
  readonly #packs = new Map<EntryId, Pack>();

  /** False for an error. */
  take(key: number, outcome: Outcome): boolean {
    if ('error' in outcome) return false;
    const pack = this.#packFor(outcome.position);
    const before = pack.bytes.length;
    writeResults(pack.bytes, outcome.results);
    pack.keys.push(key);
    pack.lengths.push(pack.bytes.length - before);
    return true;
  }

  *all(): Generator<ForwardedResults> {
    for (const [position, { keys, lengths, bytes }] of this.#packs)
      yield { type: 'forwarded-results', position, keys, lengths, handOver: bytes.finish() };
  }

  #packFor(position: EntryId): Pack {
    const pack = this.#packs.get(position) ?? { keys: [], lengths: [], bytes: new ByteWriter() };
    this.#packs.set(position, pack);
    return pack;
  }
}
