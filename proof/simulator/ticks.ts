import type { Loop } from '../../src/member/loop.ts';
import { TICK_MS } from '../../src/member/raft-timing.ts';
import type { SimThread } from './thread.ts';
import type { WatchedRaft } from './watched-raft.ts';
import type { World } from './world.ts';

export interface TickParts {
  readonly world: World;
  readonly thread: SimThread;
  readonly loop: Loop;
  readonly raft: WatchedRaft;
  readonly ended: () => boolean;
}

/** The loop's clock. Of most ticks nothing comes: nothing was planned, told to another thread or decided. */
export function startTicks({ world, thread, loop, raft, ended }: TickParts): void {
  const { timeline } = world;
  const next = thread.repeatedly(() => {
    if (ended()) return;
    next();
    const [planned, posts] = [timeline.planned, thread.posts];
    loop.tick();
    world.still = timeline.planned === planned && thread.posts === posts && raft.untouched;
  }, TICK_MS);
  next();
}
