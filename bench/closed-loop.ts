import { setTimeout as sleep } from 'node:timers/promises';
import { type Measured, measured, Samples } from './samples.ts';

/** Share of the measured time that is run before it, with everything as in it. */
const WARM_UP = 0.25;

export interface ClosedLoop<T> {
  /** Workers; each starts its next operation when its last one is answered. */
  readonly concurrency: number;
  readonly seconds: number;
  /** `worker` counts from zero. */
  readonly operation: (worker: number) => Promise<T>;
  /** Called for each answer within the measured time. */
  readonly onAnswer?: (answer: T) => void;
  /** Called when the measured time begins. */
  readonly onBegin?: () => void;
}

/** What is answered within the measured time counts, whenever it was asked for. */
export async function closedLoop<T>(loop: ClosedLoop<T>): Promise<Measured> {
  const { concurrency, seconds, operation, onAnswer, onBegin } = loop;
  const begin = performance.now() + WARM_UP * seconds * 1000;
  const end = begin + seconds * 1000;
  const samples = new Samples();
  const work = async (worker: number) => {
    for (let asked = performance.now(); asked < end; ) {
      const answer = await operation(worker);
      const answered = performance.now();
      if (answered >= begin && answered < end) {
        samples.add(answered - asked);
        onAnswer?.(answer);
      }
      asked = answered;
    }
  };
  const started = sleep(WARM_UP * seconds * 1000).then(onBegin);
  await Promise.all([started, ...Array.from({ length: concurrency }, (_, worker) => work(worker))]);
  return measured(samples, samples.count, seconds);
}

/** The same for an operation that blocks; each call of it is `perCall` operations that are answered together. */
export function blockingLoop(seconds: number, perCall: number, operation: () => void): Measured {
  const begin = performance.now() + WARM_UP * seconds * 1000;
  const end = begin + seconds * 1000;
  const samples = new Samples();
  for (let asked = performance.now(); asked < end; ) {
    operation();
    const answered = performance.now();
    if (answered >= begin && answered < end) samples.add(answered - asked);
    asked = answered;
  }
  return measured(samples, samples.count * perCall, seconds);
}
