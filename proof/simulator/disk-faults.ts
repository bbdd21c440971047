import { votersOf } from '../../src/raft/membership.ts';
import { majority } from '../../src/raft/quorum.ts';
import type { MemberProcess } from './member.ts';
import type { Actions, Trouble } from './trouble.ts';

/** A disk in trouble takes so long for a call. */
const SLOW_MS = { min: 20, max: 400 };

/** Disks that fail, fill up, are slow or forget. */
export class DiskFaults {
  readonly #trouble: Trouble;
  readonly actions: Actions = {
    'fsync-fails': () => this.#fsyncFails(),
    'database-sync-fails': () => this.#databaseSyncFails(),
    'log-rot': () => this.#logRot(),
    'disk-full': () => this.#diskFull(),
    'slow-disk': () => this.#slowDisk(),
  };

  constructor(trouble: Trouble) {
    this.#trouble = trouble;
  }

  #fsyncFails(): boolean {
    const process = this.#trouble.oneRunning();
    if (process === null) return false;
    const { machine } = process;
    machine.diskPlan = ({ kind }) => {
      if (kind !== 'write' && kind !== 'sync') return null;
      machine.diskPlan = () => null;
      return 'EIO';
    };
    return this.#trouble.note(process.id, 'the next write to its disk fails');
  }

  #databaseSyncFails(): boolean {
    const process = this.#trouble.oneRunning();
    if (process === null) return false;
    process.machine.databaseSyncFails = true;
    return this.#trouble.note(process.id, 'the next sync of its database fails');
  }

  /** Of a member that is down; so few that the others are a majority still. */
  #logRot(): boolean {
    const { machines, plan } = this.#trouble.cluster;
    const damaged = [...machines.values()].filter(({ damaged }) => damaged).length;
    if (plan.faults.has('membership') || damaged >= Math.floor((plan.voters - 1) / 2)) return false;
    const process = this.#trouble.one(this.#trouble.cluster.running());
    if (process === null || !this.#othersHaveAllOf(process)) return false;
    const { machine } = process;
    this.#trouble.end(process, false);
    const files = machine.disk
      .files()
      .filter(({ path, durableBytes }) => path.includes('/log/') && durableBytes > 0);
    const file = this.#trouble.one(files);
    if (file === null) return false;
    machine.damaged = true;
    machine.disk.flipBit(
      file.path,
      this.#trouble.prng.between(0, file.durableBytes - 1),
      this.#trouble.prng.between(0, 7),
    );
    return this.#trouble.note(process.id, `a bit of ${file.path} flips`);
  }

  /**
   * Damage at the end of a log passes for a write torn by a crash, and is cut off, though the entry may have been acknowledged: so
   * a majority has to have it beside this member, and whoever else was damaged.
   */
  #othersHaveAllOf({ id, machine, raft }: MemberProcess): boolean {
    const { log } = machine;
    if (log === null || raft === null) return false;
    const { checker, machines } = this.#trouble.cluster;
    const index = log.durableIndex;
    const last = { term: log.term(index)!, index };
    const voters = votersOf(raft.membership);
    const intact = voters.filter((voter) => voter !== id && !machines.get(voter)!.damaged);
    const having = intact.filter((voter) => checker.hasOnDisk(voter, last));
    return having.length >= majority(voters.length);
  }

  #diskFull(): boolean {
    const process = this.#trouble.oneRunning();
    if (process === null) return false;
    const { machine } = process;
    machine.full = true;
    this.#trouble.afterTrouble(() => {
      machine.full = false;
      this.#trouble.note(machine.id, 'its disk has room again');
    });
    return this.#trouble.note(machine.id, 'its disk is full');
  }

  #slowDisk(): boolean {
    const process = this.#trouble.oneRunning();
    if (process === null) return false;
    const { machine } = process;
    machine.disk.latencyMs = SLOW_MS;
    this.#trouble.afterTrouble(() => {
      machine.disk.latencyMs = { min: 0, max: this.#trouble.cluster.plan.diskMsMax };
    });
    return this.#trouble.note(machine.id, 'its disk is slow');
  }
}
