import type { TransferOptions } from '../api/database.ts';
import { PacelineError } from '../base/errors.ts';
import type { MemberId } from '../raft/entry.ts';
import type { Clock } from './clock.ts';
import { checkSignal } from './handle-errors.ts';
import type { MemberOptions } from './options.ts';
import type { Port } from './port.ts';
import type { AppToLoop, LoopToApp } from './protocol.ts';
import type { LoopStatus } from './status.ts';
import { unlessAborted } from './unless-aborted.ts';

export interface LoopCallsParts {
  readonly options: MemberOptions;
  readonly loop: Port<LoopToApp, AppToLoop>;
  readonly clock: Clock;
}

interface Waiting {
  readonly resolve: (value: never) => void;
  readonly reject: (error: PacelineError) => void;
}

type Answer = Extract<LoopToApp, { readonly type: 'status' | 'leadership-transferred' }>;

/** What the application asks this member's loop, and waits for. */
export class LoopCalls {
  readonly #parts: LoopCallsParts;
  readonly #waiting = new Map<number, Waiting>();
  #nextKey = 1;

  constructor(parts: LoopCallsParts) {
    this.#parts = parts;
  }

  status(): Promise<LoopStatus> {
    return this.#call((key) => ({ type: 'status', key }));
  }

  /** See `LocalWrites.transferLeadership`. */
  async transferLeadership(
    to: MemberId | undefined,
    { signal }: TransferOptions,
  ): Promise<MemberId> {
    if (to !== undefined && typeof to !== 'string')
      throw new PacelineError('REQUEST_INVALID', 'leadership goes to a member, by its id');
    checkSignal(signal);
    if (signal?.aborted === true) throw signal.reason;
    const { clock, options } = this.#parts;
    const late = new PacelineError(
      'TIMED_OUT',
      `nobody has taken over within ${options.writeTimeoutMs} ms; this member goes on trying to hand over`,
    );
    const key = this.#nextKey;
    const timer = clock.later(() => this.#take(key)?.reject(late), options.writeTimeoutMs);
    const asked = this.#call<MemberId>((key) => ({
      ...{ type: 'transfer-leadership', key },
      to: to ?? null,
    }));
    try {
      return await unlessAborted(signal ?? null, asked, () => void this.#take(key));
    } finally {
      timer.cancel();
    }
  }

  answered(answer: Answer): void {
    const waiting = this.#take(answer.key);
    if (answer.type === 'status') waiting?.resolve(answer.status as never);
    else if (answer.error !== null) waiting?.reject(PacelineError.fromRecord(answer.error));
    else waiting?.resolve(answer.leader as never);
  }

  failAll(error: PacelineError): void {
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
  }

  #call<T>(message: (key: number) => AppToLoop): Promise<T> {
    const key = this.#nextKey++;
    return new Promise((resolve, reject) => {
      this.#waiting.set(key, { resolve, reject });
      this.#parts.loop.post(message(key));
    });
  }

  #take(key: number): Waiting | undefined {
    const waiting = this.#waiting.get(key);
    this.#waiting.delete(key);
    return waiting;
  }
}
