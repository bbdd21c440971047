import type { Actions, Trouble } from './trouble.ts';

/** A disk in trouble takes so long for a call. */
const SLOW_MS = { min: 20, max: 400 };

/** Disks that fail, fill up, are slow or forget, and snapshots that are lost on their way. */
export class DiskFaults {
  readonly #trouble: Trouble;
  readonly actions: Actions = {
    'fsync-fails': () => this.#fsyncFails(),
    'log-rot': () => this.#logRot(),
    'snapshot-rot': () => this.#snapshotRot(),
    'disk-full': () => this.#diskFull(),
    'slow-disk': () => this.#slowDisk(),
    'lose-snapshot': () => this.#loseSnapshots(),
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

  /** Of a member that is down; so few that the others are a majority still. */
  #logRot(): boolean {
    const { machines, plan } = this.#trouble.cluster;
    const damaged = [...machines.values()].filter(({ damaged }) => damaged).length;
    if (plan.faults.has('membership') || damaged >= Math.floor((plan.voters - 1) / 2)) return false;
    const process = this.#trouble.one(this.#trouble.cluster.running());
    if (process === null) return false;
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

  /** In a file that was being received. The member is down: what it has looked at already, it does not look at again. */
  #snapshotRot(): boolean {
    for (const { id, snapshots, process } of this.#trouble.cluster.machines.values()) {
      for (const [path, { bytes }] of snapshots.files) {
        if (bytes.length === 0) continue;
        if (process !== null) this.#trouble.end(process, false);
        bytes[this.#trouble.prng.between(0, bytes.length - 1)]! ^=
          1 << this.#trouble.prng.between(0, 7);
        return this.#trouble.note(id, `a bit of ${path} flips`);
      }
    }
    return false;
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

  #loseSnapshots(): boolean {
    const { policy } = this.#trouble.cluster;
    policy.snapshotLoss = 0.4;
    this.#trouble.afterTrouble(() => {
      policy.snapshotLoss = 0;
    });
    return this.#trouble.note('', 'parts of snapshots are lost');
  }
}
