import { damageDatabase, damageLogTail, emptyDirectory } from './damage-faults.ts';
import { fullDisk } from './full-disk-fault.ts';
import {
  killAgainAndAgain,
  killAll,
  killFollower,
  killLeader,
  pauseFollower,
  pauseLeader,
  restartWithOtherOptions,
} from './member-faults.ts';
import { cut, cutOffLeader, oneWayCut, slowLink } from './network-faults.ts';
import type { Fault } from './scene.ts';
import type { FaultKind } from './schedule.ts';

export const FAULTS: Readonly<Record<FaultKind, Fault>> = {
  'kill-leader': killLeader,
  'kill-follower': killFollower,
  'kill-all': killAll,
  'kill-again-and-again': killAgainAndAgain,
  'pause-leader': pauseLeader,
  'pause-follower': pauseFollower,
  'restart-with-other-options': restartWithOtherOptions,
  cut,
  'cut-off-leader': cutOffLeader,
  'one-way-cut': oneWayCut,
  'slow-link': slowLink,
  'full-disk': fullDisk,
  'damage-log-tail': damageLogTail,
  'damage-database': damageDatabase,
  'empty-directory': emptyDirectory,
};
