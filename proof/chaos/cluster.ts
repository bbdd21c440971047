import { randomBytes } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Cluster } from '../../demo/cluster.ts';
import { type DeathListener, logFileOf, MemberProcess } from '../../demo/member-process.ts';
import type { Durability } from '../../src/api/durability.ts';
import { freeAddresses } from '../../test/cluster/addresses.ts';
import { Defaults } from './defaults.ts';
import { machineMs } from './ipc.ts';
import { Network } from './network.ts';

const SECRET_BYTES = 32;
const EMBEDDING = fileURLToPath(new URL('./embedding-member.js', import.meta.url));

/** Is always embedded, so that there is an application to ask at any time. */
const ALWAYS_EMBEDDED = 'b';

/** The others are `paceline serve` and embedded in a program of ours by turns, from start to start. */
function embedsAt(id: string, start: number): boolean {
  return id === ALWAYS_EMBEDDED || (id.charCodeAt(0) + start) % 2 === 1;
}

/** Members, each a process on a directory of its own, with a network that can be cut between them. */
export class ChaosCluster implements Cluster {
  readonly dir: string;
  readonly network: Network;
  readonly members: readonly MemberProcess[];
  /** What writes ask for that ask for nothing. */
  readonly defaults: Defaults;
  readonly #options: Map<string, Record<string, number>>;
  readonly #doors: ReadonlyMap<string, string>;
  readonly #starts = new Map<string, number>();
  readonly #destroyedAt: DestroyedLog[] = [];
  readonly #paused = new Set<string>();
  #destroyed = false;
  readonly #mayDie = new Set<string>();
  readonly #listeners: DeathListener[] = [];

  private constructor(
    dir: string,
    cli: string,
    network: Network,
    seats: readonly Seat[],
    options: Readonly<Record<string, number>>,
    durability: Durability,
  ) {
    this.dir = dir;
    this.network = network;
    this.defaults = new Defaults(
      seats.map(({ id }) => id),
      durability,
    );
    mkdirSync(this.temporary);
    this.#doors = new Map(seats.map(({ id, application }) => [id, `http://${application}`]));
    this.#options = new Map(seats.map(({ id }) => [id, { ...options }]));
    this.members = seats.map((seat) => this.#make(cli, seat, seats));
  }

  /** Members with these ids, all with these options; not started. */
  static async make(
    dir: string,
    cli: string,
    ids: readonly string[],
    options: Readonly<Record<string, number>>,
    durability: Durability = 'quorum',
  ): Promise<ChaosCluster> {
    mkdirSync(dir, { recursive: true });
    writeFileSync(join(dir, 'secret'), randomBytes(SECRET_BYTES).toString('hex'), { mode: 0o600 });
    const listens = await freeAddresses(ids);
    const http = await freeAddresses(ids);
    const doors = await freeAddresses(ids);
    const network = await Network.open(listens);
    const seats = ids.map((id) => {
      return { id, listen: listens[id]!, http: http[id]!, application: doors[id]! };
    });
    return new ChaosCluster(dir, cli, network, seats, options, durability);
  }

  #make(cli: string, seat: Seat, seats: readonly Seat[]): MemberProcess {
    const { id, listen, http, application } = seat;
    const dir = join(this.dir, id);
    const address = (to: Seat) => (to.id === id ? listen : this.network.addressOf(id, to.id));
    const peers = seats.flatMap((to) => ['--member', `${to.id}=${address(to)}`]);
    const own = ['--dir', dir, '--id', id, '--http', http];
    const files = ['--secret-file', join(this.dir, 'secret'), '--config', this.#configOf(id)];
    const fixed = ['serve', ...own, ...files, ...peers];
    const options = this.#options.get(id)!;
    const embeds = () => this.#embeds(id);
    // What has a getter is looked at when the process starts.
    const settings = {
      ...{ id, dir, cli, url: `http://${http}`, logFile: logFileOf(this.dir, id) },
      env: { TMPDIR: this.temporary, SQLITE_TMPDIR: this.temporary },
      get program() {
        return embeds() ? EMBEDDING : cli;
      },
      get args() {
        const door = embeds() ? ['--application', application] : [];
        const set = Object.entries(options).flatMap(([k, v]) => ['--set', `${k}=${v}`]);
        return [...fixed, ...door, ...set];
      },
    };
    return new MemberProcess(settings, (member, killed) => {
      for (const listener of this.#listeners) listener(member, killed);
    });
  }

  /** Where members may put files that are gone when they are. */
  get temporary(): string {
    return join(this.dir, 'temporary');
  }

  /** What has no flag is in this file. */
  #configOf(id: string): string {
    return join(this.dir, `${id}.config.json`);
  }

  get ids(): string[] {
    return this.members.map(({ id }) => id);
  }

  member(id: string): MemberProcess {
    const found = this.members.find((member) => member.id === id);
    if (found === undefined) throw new Error(`there is no member ${id}`);
    return found;
  }

  others(id: string): MemberProcess[] {
    return this.members.filter((member) => member.id !== id);
  }

  url(id: string): string {
    return this.member(id).settings.url;
  }

  #embeds(id: string): boolean {
    return embedsAt(id, this.starts(id));
  }

  /** Where the application answers that embeds this member; null while none does. */
  applicationOf(id: string): string | null {
    const embeds = this.#embeds(id) && this.member(id).state === 'up';
    return embeds ? this.#doors.get(id)! : null;
  }

  /** How often this member was started. */
  starts(id: string): number {
    return this.#starts.get(id) ?? 0;
  }

  /** Whether leaders serve strong reads by a lease. */
  hasLeases(id: string): boolean {
    return (this.#options.get(id)!.leaseDriftMs ?? 0) > 0;
  }

  /** What this member runs with from its next start on. */
  setOptions(id: string, options: Record<string, number>): void {
    Object.assign(this.#options.get(id)!, options);
  }

  /** Throws once the cluster was destroyed: a fault that is still under way starts nothing any more. */
  async startMember(id: string): Promise<void> {
    if (this.#destroyed) throw new Error('the run ends');
    this.#starts.set(id, this.starts(id) + 1);
    writeFileSync(this.#configOf(id), JSON.stringify({ durability: this.defaults.of(id) }));
    await this.member(id).start();
  }

  async start(): Promise<void> {
    await Promise.all(this.ids.map((id) => this.startMember(id)));
  }

  /** What this member had on disk last, perhaps acknowledged, is gone: a fault has taken it. */
  noteDestroyed(id: string): void {
    this.#destroyedAt.push({ id, atMs: machineMs() });
  }

  get destroyedLogs(): readonly DestroyedLog[] {
    return this.#destroyedAt;
  }

  pause(id: string): void {
    this.#signal(id, 'SIGSTOP');
    this.#paused.add(id);
  }

  resume(id: string): void {
    if (this.#paused.delete(id)) this.#signal(id, 'SIGCONT');
  }

  #signal(id: string, signal: NodeJS.Signals): void {
    const { pid } = this.member(id);
    if (pid !== null) process.kill(pid, signal);
  }

  /** Takes back what is done to the processes and between them, except deaths. */
  heal(): void {
    for (const id of this.#paused) this.resume(id);
    this.network.heal();
  }

  async stop(last: string | null): Promise<boolean> {
    const first = this.members.filter(({ id }) => id !== last);
    const clean = await Promise.all(first.map((member) => member.stop()));
    if (last !== null) clean.push(await this.member(last).stop());
    return clean.every((one) => one);
  }

  /** Also a stopped process dies of SIGKILL. */
  async kill(): Promise<void> {
    await Promise.all(this.members.map((member) => member.kill()));
  }

  /** Whether it is this member's right to give up by itself. */
  mayDie(id: string): boolean {
    return this.#mayDie.has(id);
  }

  setMayDie(id: string, may: boolean): void {
    if (may) this.#mayDie.add(id);
    else this.#mayDie.delete(id);
  }

  onDeath(listener: DeathListener): void {
    this.#listeners.push(listener);
  }

  /** Ends everything, for good. */
  async destroy(): Promise<void> {
    this.#destroyed = true;
    await this.kill();
    await this.network.close();
  }
}

/** A log whose end a fault took away. */
export interface DestroyedLog {
  readonly id: string;
  readonly atMs: number;
}

interface Seat {
  readonly id: string;
  readonly listen: string;
  readonly http: string;
  /** Where the application listens, if one embeds this member. */
  readonly application: string;
}
