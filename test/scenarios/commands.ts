import assert from 'node:assert/strict';
import { PacelineError } from '../../src/base/errors.ts';
import { describeRaft } from '../../src/raft/describe.ts';
import type { Message } from '../../src/raft/message.ts';
import { Cluster, type Settings } from '../raft/cluster-fixture.ts';
import { membership } from '../raft/member-fixture.ts';

type Command = (cluster: Cluster, args: string[]) => void;

/** `*` stands for anyone. */
function between(from = '*', to = '*', type?: string): (message: Message) => boolean {
  return (message) =>
    (from === '*' || message.from === from) &&
    (to === '*' || message.to === to) &&
    (type === undefined || message.type === type);
}

function times(count: string | undefined, action: () => void): void {
  for (let i = 0; i < Number(count ?? 1); i++) action();
}

const COMMANDS: Readonly<Record<string, Command>> = {
  /** Adds members that belong to no cluster yet. */
  join: (cluster, ids) => ids.forEach((id) => void cluster.add(id)),
  tick: (cluster, [id, count]) =>
    id === 'all' ? cluster.tickAll(Number(count ?? 1)) : cluster.tick(id!, Number(count ?? 1)),
  timeout: (cluster, [id]) => cluster.timeout(id!),
  elect: (cluster, [id]) => cluster.elect(id!),
  run: (cluster) => cluster.run(),
  deliver: (cluster, [from, to, type]) => {
    for (const message of cluster.take(between(from, to, type))) cluster.deliver(message);
  },
  lose: (cluster, [from, to, type]) => void cluster.take(between(from, to, type)),
  repeat: (cluster, [from, to, type]) => {
    cluster.network.push(...cluster.network.filter(between(from, to, type)));
  },
  /** The newest message overtakes all others. */
  reverse: (cluster) => void cluster.network.reverse(),
  flush: (cluster, [id, count]) =>
    count === undefined ? cluster.flushAll(id!) : times(count, () => cluster.flush(id!)),
  slow: (cluster, [id]) => {
    cluster.at(id!).slow = true;
  },
  fast: (cluster, [id]) => {
    cluster.at(id!).slow = false;
  },
  /** One after the other, each with a Ready of its own. */
  propose: (cluster, [id, count, bytes]) =>
    times(count, () => void cluster.propose(id!, Number(bytes ?? 10))),
  /** All in one Ready. */
  batch: (cluster, [id, count, bytes]) =>
    cluster.proposeBatch(id!, Number(count), Number(bytes ?? 10)),
  change: (cluster, [id, ...names]) => void cluster.propose(id!, 0, membership(...names)),
  transfer: (cluster, [id, to]) => cluster.call(id!, (raft) => raft.transferLeadership(to ?? null)),
  read: (cluster, [id, ...contexts]) =>
    cluster.call(id!, (raft) => {
      for (const context of contexts) raft.readIndex(Number(context));
    }),
  gone: (cluster, [id, peer]) => cluster.call(id!, (raft) => raft.peerGone(peer!)),
  reachable: (cluster, [id, peer]) => cluster.call(id!, (raft) => raft.peerReachable(peer!)),
  cut: (cluster, [x, y]) => cluster.cut(x!, y!),
  isolate: (cluster, [id]) => cluster.isolate(id!),
  heal: (cluster) => cluster.heal(),
  crash: (cluster, [id]) => cluster.crash(id!),
  restart: (cluster, [id]) => cluster.restart(id!),
  compact: (cluster, [id, index]) => cluster.compact(id!, Number(index)),
  install: (cluster, [id]) => cluster.install(id!),
  status: (cluster, ids) => {
    const wanted = ids.length === 0 ? [...cluster.members.keys()] : ids;
    for (const id of wanted) cluster.trace.push(describeRaft(cluster.raft(id)));
  },
  can: (cluster, [id]) => {
    cluster.trace.push(`${id} ${cluster.raft(id!).canPropose() ? 'can' : 'cannot'} propose`);
  },
  network: (cluster) => {
    cluster.trace.push(`${cluster.network.length} messages on the way`);
  },
};

/** Runs the commands of one scenario. */
export class Interpreter {
  #cluster: Cluster | null = null;

  /** The trace of one command. A `quiet` one leaves none. */
  run(line: string): string[] {
    const words = line.split(' ').filter((word) => word !== '');
    if (words[0] === 'quiet') {
      this.run(words.slice(1).join(' '));
      return [];
    }
    const [name, ...args] = words;
    if (name === 'cluster') {
      this.#cluster = create(args);
      return [];
    }
    const cluster = this.#cluster;
    assert.ok(cluster !== null, 'a scenario begins with `cluster`');
    const command = COMMANDS[name ?? ''];
    assert.ok(command !== undefined, `no such command: ${line}`);
    cluster.trace.length = 0;
    try {
      command(cluster, args);
    } catch (error) {
      if (!(error instanceof PacelineError)) throw error;
      cluster.trace.push(`${error.code}: ${error.message}`);
    }
    return [...cluster.trace];
  }
}

/**
 * Members, then settings as `name=value`; `seed` too, and `starts=no` to keep new leaders silent.
 */
function create(args: readonly string[]): Cluster {
  const settings: Record<string, number> = {};
  const names: string[] = [];
  let startEntries = true;
  for (const arg of args) {
    const [key, value] = arg.split('=');
    if (value === undefined) names.push(arg);
    else if (key === 'starts') startEntries = value !== 'no';
    else settings[key!] = Number(value);
  }
  const { seed, ...rest } = settings;
  return new Cluster(membership(...names), {
    seed: seed ?? 1,
    settings: rest as Settings,
    startEntries,
  });
}
