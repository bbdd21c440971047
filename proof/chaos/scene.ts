import { setTimeout as delay } from 'node:timers/promises';
import type { Prng } from '../../src/base/prng.ts';
import type { Clients } from './clients.ts';
import type { ChaosCluster } from './cluster.ts';
import { machineMs } from './ipc.ts';
import { LIMITS } from './limits.ts';
import type { SmallDisk } from './small-disk.ts';

/** What a fault works on. */
export interface Scene {
  readonly cluster: ChaosCluster;
  readonly clients: Clients;
  /** What one member's directory is on; null where none could be made. */
  readonly disk: SmallDisk | null;
  readonly prng: Prng;
  /** From the moment that a leader was taken away to the first acknowledgement of a write called later. */
  readonly failoversMs: number[];
}

/** Carries out a fault and takes it back; says what it did. Throws what is a violation. */
export type Fault = (scene: Scene) => Promise<string>;

/** Notes when the clients are served again, counted from now. */
export async function measureFailover({ clients, failoversMs }: Scene): Promise<void> {
  const startMs = machineMs();
  failoversMs.push(Math.round((await acknowledgement(clients, startMs)) - startMs));
}

/** When a write that was called at `sinceMs` or later is acknowledged. Throws when none is. */
export async function acknowledgement(clients: Clients, sinceMs: number): Promise<number> {
  const late = delay(LIMITS.settleMs, null, { ref: false });
  const atMs = await Promise.race([clients.nextAcknowledgement(sinceMs), late]);
  if (atMs !== null) return atMs;
  throw new Error(`no write was acknowledged for ${LIMITS.settleMs} ms`);
}

/** Looks until it is so. Throws, naming `what`, after LIMITS.settleMs. */
export async function until(what: string, look: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + LIMITS.settleMs;
  while (!(await look())) {
    if (performance.now() > deadline)
      throw new Error(`waited ${LIMITS.settleMs} ms in vain until ${what}`);
    await delay(LIMITS.pollMs);
  }
}
