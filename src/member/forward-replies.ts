import type { Reached } from '../api/durability.ts';
import type { ErrorRecord } from '../base/errors.ts';
import type { EntryId, MemberId } from '../raft/entry.ts';
import type { Channel } from '../transport/transport.ts';
import {
  encodeForwardReplies,
  FORWARD_FRAME_BYTES_MAX,
  type ForwardReply,
  type KeyedResults,
} from './forward-wire.ts';
import type { Stream } from './forwarded-writes.ts';

export interface ForwardRepliesParts {
  readonly self: MemberId;
  readonly send: (to: MemberId, channel: Channel, parts: readonly Uint8Array[]) => boolean;
  /** Tells this member's own forwarding. */
  readonly tellSelf: (replies: readonly ForwardReply[]) => void;
  /** The connection has no room for what was to be said about this stream; `news` if that was that it is broken. */
  readonly unsaid: (stream: Stream, news: boolean) => void;
}

/** What waits for one member. */
interface Letter {
  readonly replies: ForwardReply[];
  readonly streams: Set<Stream>;
  readonly broken: Set<Stream>;
  bytes: number;
  /** The results that came last, to which others at the same position can be added. */
  open: {
    readonly reply: Extract<ForwardReply, { type: 'results' }>;
    readonly done: KeyedResults[];
  } | null;
}

/** A leader's replies to forwarded writes: those of a turn travel together, those of one commit as one. Call `flush` at the end of each. */
export class ForwardReplies {
  readonly #parts: ForwardRepliesParts;
  #letters = new Map<MemberId, Letter>();

  constructor(parts: ForwardRepliesParts) {
    this.#parts = parts;
  }

  done(stream: Stream, done: KeyedResults, position: EntryId, reached: Reached): void {
    const letter = this.#letterFor(stream, done.results.length);
    if (letter.open !== null && fits(letter.open.reply, stream, position, reached)) {
      letter.open.done.push(done);
      return;
    }
    const all = [done];
    const reply = { type: 'results', stream: stream.number, position, reached, done: all } as const;
    letter.replies.push(reply);
    letter.open = { reply, done: all };
  }

  error(stream: Stream, key: number, error: ErrorRecord): void {
    const { replies } = this.#letterFor(stream, error.message.length);
    replies.push({ type: 'error', stream: stream.number, key, error });
  }

  broken(stream: Stream): void {
    const letter = this.#letterFor(stream, 0);
    letter.broken.add(stream);
    letter.replies.push({ type: 'broken', stream: stream.number, seq: stream.next });
  }

  /** What this member tells itself may lead to more. */
  flush(): void {
    while (this.#letters.size > 0) {
      const letters = this.#letters;
      this.#letters = new Map();
      for (const [to, letter] of letters) this.#send(to, letter);
    }
  }

  /** Where `bytes` more have room. */
  #letterFor(stream: Stream, bytes: number): Letter {
    const known = this.#letters.get(stream.from);
    if (known !== undefined && known.bytes + bytes > FORWARD_FRAME_BYTES_MAX) {
      this.#letters.delete(stream.from);
      this.#send(stream.from, known);
    }
    const letter = this.#letters.get(stream.from) ?? newLetter();
    this.#letters.set(stream.from, letter);
    letter.bytes += bytes;
    letter.streams.add(stream);
    return letter;
  }

  #send(to: MemberId, { replies, streams, broken }: Letter): void {
    const { self, send, tellSelf, unsaid } = this.#parts;
    if (to === self) return tellSelf(replies);
    if (send(to, 'forward-reply', [encodeForwardReplies(replies)])) return;
    for (const stream of streams) unsaid(stream, broken.has(stream));
  }
}

function newLetter(): Letter {
  return { replies: [], streams: new Set(), broken: new Set(), bytes: 0, open: null };
}

/** The gate names the same members, in the same array, to all that it lets go together. */
function fits(
  reply: Extract<ForwardReply, { type: 'results' }>,
  { number }: Stream,
  { term, index }: EntryId,
  { committed, members }: Reached,
): boolean {
  const { stream, position, reached } = reply;
  const isSamePlace = stream === number && position.term === term && position.index === index;
  return isSamePlace && reached.committed === committed && reached.members === members;
}
