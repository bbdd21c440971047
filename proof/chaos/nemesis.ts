import { setTimeout as delay } from 'node:timers/promises';
import { messageOf } from '../../src/base/errors.ts';
import { Prng } from '../../src/base/prng.ts';
import { FAULTS } from './faults.ts';
import { machineMs } from './ipc.ts';
import { LIMITS } from './limits.ts';
import { acknowledgement, type Scene } from './scene.ts';
import { FAULT_KINDS, type FaultKind, type Step, schedule } from './schedule.ts';

/** How often each kind was done. */
export type FaultCounts = Record<FaultKind, number>;

export function noFaults(): FaultCounts {
  return Object.fromEntries(FAULT_KINDS.map((kind) => [kind, 0])) as FaultCounts;
}

export interface Nemesis {
  readonly scene: Omit<Scene, 'prng'>;
  readonly seed: number;
  /** No step begins later, but see `wanted`. */
  readonly untilMs: number;
  /** What may be done. */
  readonly kinds: readonly FaultKind[];
  /** Each of them is done at least once over all clusters, be it late. */
  readonly completes: boolean;
  readonly counts: FaultCounts;
  readonly say: (line: string) => void;
}

/** One step after the other, each taken back, until the time is over. Throws what is a violation. */
export async function harass(nemesis: Nemesis): Promise<void> {
  const { scene, seed, untilMs, completes, counts } = nemesis;
  const kinds = nemesis.kinds.filter((kind) => kind !== 'full-disk' || scene.disk !== null);
  for (const step of schedule(seed, kinds)) {
    const late = machineMs() >= untilMs;
    if (late && !(completes && kinds.some((kind) => counts[kind] === 0))) return;
    if (late && step.kinds.every((kind) => counts[kind] > 0)) continue;
    await carryOut(nemesis, step);
    await delay(LIMITS.healthyMs);
    await acknowledgement(scene.clients, machineMs());
  }
}

async function carryOut({ scene, counts, say }: Nemesis, step: Step): Promise<void> {
  const startMs = machineMs();
  say(`${step.kinds.join(' and ')} …`);
  // How long a leader takes is measured where nothing else delays it.
  const failoversMs = step.kinds.length === 1 ? scene.failoversMs : [];
  const ends = await Promise.allSettled(
    step.kinds.map((kind, i) =>
      FAULTS[kind]({ ...scene, failoversMs, prng: new Prng(step.seed + i) }),
    ),
  );
  const told = ends.map((end, i) => {
    if (end.status === 'fulfilled') return end.value;
    throw new Error(`${step.kinds[i]}: ${messageOf(end.reason)}`, { cause: end.reason });
  });
  for (const kind of step.kinds) counts[kind]++;
  const tookMs = Math.round(machineMs() - startMs);
  for (const [i, kind] of step.kinds.entries()) say(`${kind}: ${told[i]} (${tookMs} ms)`);
}
