import { asPacelineError, PacelineError } from '../../src/base/errors.ts';
import type { Prng } from '../../src/base/prng.ts';
import { openFileLog } from '../../src/log-store/file.ts';
import type { LogStore } from '../../src/log-store/log-store.ts';
import { Handle } from '../../src/member/handle.ts';
import { Loop } from '../../src/member/loop.ts';
import { logLimits } from '../../src/member/new-member.ts';
import type { MemberOptions } from '../../src/member/options.ts';
import type {
  AppToLoop,
  AppToSql,
  LoopToApp,
  LoopToSql,
  SqlToApp,
  SqlToLoop,
} from '../../src/member/protocol.ts';
import { raftConfig } from '../../src/member/raft-timing.ts';
import { SharedState } from '../../src/member/shared-state.ts';
import { SqlThread } from '../../src/member/sql-thread.ts';
import type { EntryId } from '../../src/raft/entry.ts';
import type { Role } from '../../src/raft/ready.ts';
import type { Watched } from './checker.ts';
import type { DatabaseFiles } from './database/files.ts';
import type { MemberHome } from './database/member-database.ts';
import { ElectedTail } from './elected-tail.ts';
import type { Machine } from './machine.ts';
import { connectPorts } from './port.ts';
import { readerThreadsOf } from './reader-threads.ts';
import { simSnapshotFiles } from './snapshot-files.ts';
import { type SimProcess, SimThread } from './thread.ts';
import { startTicks } from './ticks.ts';
import { raise, Violation } from './violation.ts';
import { type WatchedRaft, watchedRaft } from './watched-raft.ts';
import type { World } from './world.ts';

/** Where a member's log is on its disk. */
const LOG_DIR = '/member/log';
const INCOMING = 'incoming.db';

/** One process of a member: the product's loop, SQL thread and handle, on simulated threads. */
export class MemberProcess implements SimProcess {
  readonly machine: Machine;
  readonly options: MemberOptions;
  readonly handle: Handle;
  readonly home: MemberHome;
  readonly sqlThread: SimThread;
  readonly loopThread: SimThread;
  readonly appThread: SimThread;
  readonly #world: World;
  readonly #prng: Prng;
  readonly #shared = new SharedState();
  readonly #whenDead: (() => void)[] = [];
  alive = true;
  clockRate: number;
  clockJumpsMs = 0;
  /** It serves reads and takes writes. */
  ready = false;
  hasStopped = false; // by itself
  raft: WatchedRaft | null = null;
  /** What the checker looks at, from when the log is open. */
  watched: Watched | null = null;
  #role: Role | null = null; // as told last
  #term = 0;
  /** Index of the last commit of the database. */
  #databaseAt = 0;
  readonly #electedTail = new ElectedTail();
  #ended = false;

  constructor(world: World, machine: Machine, options: MemberOptions, prng: Prng) {
    const { timeline } = world;
    this.#world = world;
    this.#prng = prng;
    this.machine = machine;
    this.options = options;
    this.clockRate = machine.clockRate;
    this.appThread = new SimThread(timeline, this);
    this.loopThread = new SimThread(timeline, this);
    this.sqlThread = new SimThread(timeline, this);
    const delay = () => 0.01 + (prng.next() / 2 ** 32) * world.plan.portMsMax;
    const [appLoop, loopApp] = connectPorts<LoopToApp, AppToLoop>(
      timeline,
      this.appThread,
      this.loopThread,
      delay,
    );
    const [appSql, sqlApp] = connectPorts<SqlToApp, AppToSql>(
      timeline,
      this.appThread,
      this.sqlThread,
      delay,
    );
    const [loopSql, sqlLoop] = connectPorts<SqlToLoop, LoopToSql>(
      timeline,
      this.loopThread,
      this.sqlThread,
      delay,
    );
    this.home = this.#makeHome();
    this.handle = new Handle({
      options,
      openReader: this.home.openReader,
      ...readerThreadsOf(this, world.plan, timeline, this.#shared),
      sql: appSql,
      loop: appLoop,
      shared: this.#shared,
      clock: this.appThread,
      idPrefix: `${machine.id}-${machine.starts}`,
      logger: this.#logger(),
      onClosed: async () => {},
    });
    const parts = { cluster: world.cluster, options, clock: this.sqlThread, shared: this.#shared };
    new SqlThread({ ...parts, home: this.home, loop: sqlLoop, app: sqlApp }).start();
    this.#startLoop(loopSql, loopApp).catch((error: unknown) => this.#refused(error));
    this.handle.ready().then(
      () => {
        this.ready = true;
        this.trace('serves');
      },
      (error: unknown) => this.#failed(asPacelineError(error)),
    );
  }

  get id(): string {
    return this.machine.id;
  }

  /** Null if it has no database. */
  get databasePosition(): EntryId | null {
    return this.home.files?.position(this.#world.cluster) ?? null;
  }

  touched(): void {
    this.#world.current = this;
  }

  trace(what: string): void {
    this.#world.trace.add(this.id, what);
  }

  /** Nothing of it happens any more. */
  die(): void {
    this.alive = false;
    this.ready = false;
    for (const tell of this.#whenDead) tell();
  }

  whenDead(tell: () => void): void {
    this.#whenDead.push(tell);
  }

  /** After each step in this process: what has changed for all to see. */
  look(): void {
    const { raft } = this;
    if (raft === null) return;
    raft.shown();
    const { role, term } = raft;
    if (role === this.#role && term === this.#term) return;
    this.#role = role;
    this.#term = term;
    this.trace(`is ${role} of term ${term}`);
    if (role === 'leader') this.#electedTail.elected({ term, index: raft.lastIndex });
  }

  #makeHome(): MemberHome {
    const { machine } = this;
    const { checker, plan, cluster } = this.#world;
    const check = (work: () => void) => this.#world.check(work);
    const { pageSizeBytes: pageSize } = this.options;
    return machine.database.home({
      ...{ cluster, pageSize, lost: machine.lost, note: machine.note, thread: this.sqlThread },
      onOpen: (files) => this.#databaseOpened(files),
      onCommit: (files, executed) => this.#databaseCommit(files, executed),
      onCheckpoint: (files) => {
        const at = files.mainPosition(cluster);
        if (at !== null) check(() => checker.checkpointed(this.id, at));
      },
      checkpointMs: () => this.#prng.between(1, 20 + 10 * plan.diskMsMax),
      foreignReader: () => this.#prng.chance(0.1),
      syncFails: () => machine.takeDatabaseSyncFailure(),
      takeFile: (path) => {
        const file = machine.snapshots.files.get(path);
        machine.snapshots.files.delete(path);
        return file?.bytes ?? new Uint8Array(0);
      },
      onViolation: (violation) => check(() => raise(violation)),
    });
  }

  #databaseOpened(files: DatabaseFiles): void {
    const { checker, cluster } = this.#world;
    const at = files.position(cluster);
    this.#databaseAt = at?.index ?? 0;
    if (at !== null) this.#world.check(() => checker.database(this.id, at, files.checksum));
  }

  #databaseCommit(files: DatabaseFiles, executed: boolean): void {
    const { checker, cluster } = this.#world;
    const at = files.position(cluster);
    if (at === null) return;
    this.#world.check(() => {
      checker.database(this.id, at, files.checksum);
      // What is undone may have been overtaken: then more is undone next.
      if (at.index <= this.#databaseAt) this.#electedTail.undone();
      else if (!executed && !this.#electedTail.has(at)) checker.applied(this.id, at);
    });
    this.#databaseAt = at.index;
    this.machine.atCommit?.();
  }

  async #startLoop(
    sql: ConstructorParameters<typeof Loop>[0]['sql'],
    app: ConstructorParameters<typeof Loop>[0]['app'],
  ): Promise<void> {
    const { machine, options } = this;
    const world = this.#world;
    const { disk, create } = machine.takeDisk(this.loopThread);
    const running: { loop?: Loop } = {};
    const log = await openFileLog({
      dir: LOG_DIR,
      ...logLimits(options),
      disk,
      later: (work, ms) => void this.loopThread.later(work, ms),
      newSalt: () => this.#prng.next(),
      ...(create === null ? {} : { create }),
      onFailure: (error) => running.loop?.fail(error),
    });
    const before = machine.durableEntries();
    world.check(() => world.checker.restarted(this.id, before, log));
    machine.logOpened(log);
    const { checker, parts } = world;
    const raft = watchedRaft(
      parts.raft,
      {
        onReady: (ready) => world.check(() => checker.ready(watched, ready)),
        onDurable: (entries) => world.check(() => checker.durable(watched, entries)),
      },
      raftConfig(options, this.#prng.next()),
      log,
      log.hardState,
    );
    const watched: Watched = { id: this.id, raft, log, commit: log.base.index };
    this.watched = watched;
    this.raft = raft;
    const loop = new Loop({
      ...{ options, cluster: world.cluster, log, raft, sql, app, clock: this.loopThread },
      shared: this.#shared,
      incarnation: machine.starts,
      incomingFile: INCOMING,
      snapshotFiles: simSnapshotFiles(
        machine.snapshots,
        this.loopThread,
        (fd, into, offset) => this.home.readFile(fd, into, offset),
        () => this.#prng.between(0, 1 + world.plan.diskMsMax),
      ),
      onStopped: () => this.#stopped(transport, log, app),
    });
    running.loop = loop;
    const transport = world.join(this, loop);
    startTicks({ world, thread: this.loopThread, loop, raft, ended: () => this.#ended });
    loop.start(transport, options.listen);
  }

  #stopped(
    transport: { close(): Promise<void> },
    log: LogStore,
    app: { post(message: LoopToApp): void; close(): void },
  ): void {
    this.#ended = true;
    const end = async () => {
      await transport.close();
      await log.close();
      app.post({ type: 'closed' });
      app.close();
    };
    void end();
  }

  #refused(error: unknown): void {
    if (!this.alive) return;
    this.#failed(asPacelineError(error));
  }

  /** The product stopped this member by itself. */
  #failed(error: PacelineError): void {
    if (!this.alive) return;
    this.#world.memberFailed(this, error);
  }

  #logger() {
    const note = (level: string) => (fields: object, message: string) => {
      this.trace(`${level}: ${message}`);
      if (level === 'warn' && message.includes('differs from the leader') && !this.machine.damaged)
        this.#world.check(() => raise(new Violation('I7 byte identity', `${this.id}: ${message}`)));
      if (level === 'error' && 'code' in fields)
        this.#failed(new PacelineError(fields.code as PacelineError['code'], message));
    };
    return { debug: note('debug'), info: note('info'), warn: note('warn'), error: note('error') };
  }
}
