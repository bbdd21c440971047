import { messageOf } from '../../src/base/errors.ts';
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
import { connectPorts, type PortDelay } from './port.ts';
import { type SimProcess, SimThread } from './thread.ts';

export interface ReaderThreadParts {
  readonly timeline: Timeline;
  readonly process: SimProcess;
  readonly appThread: SimThread;
  readonly delay: PortDelay;
  readonly shared: SharedState;
  readonly open: OpenReader;
}

/** The product's threads for long reads, without threads: what each does happens at a time of its own. */
export function simReaderThreads(parts: ReaderThreadParts): StartReader {
  const { timeline, process, appThread, delay } = parts;
  return (stop, events) => {
    const thread = new SimThread(timeline, process);
    const [app, reader] = connectPorts<FromReader, ToReader>(timeline, appThread, thread, delay);
    const ended = new Promise<void>((resolve) => {
      const closed = () => appThread.after(delay(), resolve);
      thread.after(delay(), () => {
        const reads = begin(parts, stop, events, (answer) => reader.post(answer), closed);
        if (reads !== null)
          reader.listen((messages) => messages.forEach((m) => void reads.take(m)));
      });
    });
    app.listen((answers) => answers.forEach((answer) => void events.answered(answer)));
    void ended.then(() => events.failed('it ended'));
    return { post: (message) => app.post(message), ended: () => ended };
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
