import { messageOf } from '../../src/base/errors.ts';
import { Prng } from '../../src/base/prng.ts';
import { LongReads } from '../../src/member/long-reads.ts';
import type {
  FromReader,
  ReaderEvents,
  StartReader,
  ToReader,
} from '../../src/member/reader-thread.ts';
import type { SharedState } from '../../src/member/shared-state.ts';
import type { OpenReader } from '../../src/member/this-copy.ts';
import type { Timeline } from '../../src/transport/timeline.ts';
import type { MemberProcess } from './member.ts';
import type { Plan } from './plan.ts';
import { connectPorts, type PortDelay } from './port.ts';
import { type SimProcess, SimThread } from './thread.ts';

/** Chances of their own, so that they do not change what else a seed decides. */
const READERS = 0x4ead;
/** How long a read takes that is worth a thread. */
const READ_MS_MAX = 100;

interface ReaderThreadParts {
  readonly timeline: Timeline;
  readonly process: SimProcess;
  readonly appThread: SimThread;
  readonly delay: PortDelay;
  readonly readMs: () => number;
  readonly shared: SharedState;
  readonly open: OpenReader;
}

/** Where clients ask for them. */
export function readerThreadsOf(
  process: MemberProcess,
  { seed, calls, portMsMax }: Plan,
  timeline: Timeline,
  shared: SharedState,
): { startReader?: StartReader } {
  if (calls.states === 0) return {};
  const { appThread, home, machine } = process;
  const prng = new Prng(seed ^ READERS ^ machine.starts);
  const delay = () => 0.01 + (prng.next() / 2 ** 32) * portMsMax;
  const readMs = () => prng.between(0, READ_MS_MAX);
  const parts = { timeline, process, appThread, delay, readMs, shared, open: home.openReader };
  return { startReader: simReaderThreads(parts) };
}

/** The product's threads for long reads, without threads: what each does happens at a time of its own. */
function simReaderThreads(parts: ReaderThreadParts): StartReader {
  const { timeline, process, appThread, delay } = parts;
  return (stop, events) => {
    const thread = new SimThread(timeline, process);
    const [app, reader] = connectPorts<FromReader, ToReader>(timeline, appThread, thread, delay);
    const ended = new Promise<void>((resolve) => {
      const closed = () => appThread.after(delay(), resolve);
      thread.after(delay(), () => {
        const reads = begin(parts, stop, events, (answer) => reader.post(answer), closed);
        if (reads !== null)
          reader.listen(oneByOne(parts, thread, (message) => reads.take(message)));
      });
    });
    app.listen((answers) => answers.forEach((answer) => void events.answered(answer)));
    void ended.then(() => events.failed('it ended'));
    return { post: (message) => app.post(message), ended: () => ended };
  };
}

/** One message is taken when what was asked before is done. */
function oneByOne(
  { timeline, readMs }: ReaderThreadParts,
  thread: SimThread,
  take: (message: ToReader) => void,
): (messages: readonly ToReader[]) => void {
  let freeAtMs = 0;
  return (messages) => {
    for (const message of messages) {
      freeAtMs = Math.max(freeAtMs, timeline.nowMs) + (message.type === 'query' ? readMs() : 0);
      thread.after(freeAtMs - timeline.nowMs, () => take(message));
    }
  };
}

/** Null if the thread died at once, as one does that finds no database. */
function begin(
  { open, shared, appThread, delay }: ReaderThreadParts,
  stop: SharedArrayBuffer,
  events: ReaderEvents,
  answer: (answer: FromReader) => void,
  closed: () => void,
): LongReads | null {
  try {
    return new LongReads({ reader: open(), shared, stop, answer, closed });
  } catch (error) {
    appThread.after(delay(), () => events.failed(messageOf(error)));
    closed();
    return null;
  }
}
