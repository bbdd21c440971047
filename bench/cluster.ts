import { join } from 'node:path';
import { type LocalDatabase, type OpenOptions, open, type Status } from '../src/index.ts';
import { ChildMember } from './child-member.ts';
import { freePorts } from './free-ports.ts';
import { logger } from './logger.ts';
import { until, WAIT_MS } from './until.ts';

/** Who should lead: the application's own member, one of the others, or whoever wins. */
export type Leads = 'app' | 'another' | 'any';

/**
 * The first in the order of names is the first to try when there is no leader. So the application's member has the first name
 * where it should lead; elsewhere it has the last, and most writes of a failover have to find a leader in another process.
 */
const NAMES = ['a', 'b', 'c'];

/** Three members on this machine: one embedded in this process, two in processes of their own. */
export class Cluster {
  /** Name of the member in this process. */
  readonly appId: string;
  readonly #dir: string;
  readonly #leads: Leads;
  readonly #addresses: Readonly<Record<string, string>>;
  readonly #children = new Map<string, ChildMember>();
  #app: LocalDatabase | null = null;

  private constructor(dir: string, leads: Leads, addresses: Readonly<Record<string, string>>) {
    this.appId = leads === 'app' ? NAMES[0]! : NAMES.at(-1)!;
    this.#dir = dir;
    this.#leads = leads;
    this.#addresses = addresses;
  }

  /** Resolves when the member leads that should. */
  static async start(dir: string, leads: Leads): Promise<Cluster> {
    const ports = await freePorts(NAMES.length);
    const addresses = NAMES.map((id, i) => [id, `127.0.0.1:${ports[i]}`] as const);
    const cluster = new Cluster(dir, leads, Object.fromEntries(addresses));
    const others = NAMES.filter((id) => id !== cluster.appId);
    await Promise.all([cluster.openApp(), ...others.map((id) => cluster.startChild(id))]);
    await cluster.settle();
    return cluster;
  }

  get app(): LocalDatabase {
    if (this.#app === null) throw new Error('the application’s member is closed');
    return this.#app;
  }

  get children(): ReadonlyMap<string, ChildMember> {
    return this.#children;
  }

  child(id: string): ChildMember {
    const child = this.#children.get(id);
    if (child === undefined) throw new Error(`member "${id}" is not running`);
    return child;
  }

  directory(id: string): string {
    return join(this.#dir, id);
  }

  async openApp(): Promise<void> {
    this.#app = await open({ ...this.#options(this.appId), logger });
  }

  /** A leader hands over when it closes, so after this another one leads. */
  async reopenApp(): Promise<void> {
    await this.app.close();
    await this.openApp();
  }

  async startChild(id: string): Promise<void> {
    this.#children.set(id, await ChildMember.start(this.#options(id)));
  }

  /** The name of the leader, once all agree on one that is as asked for; others are restarted until then. */
  async settle(): Promise<string> {
    const deadline = Date.now() + WAIT_MS;
    for (;;) {
      if (Date.now() > deadline) throw new Error(`waited in vain for a leader: ${this.#leads}`);
      const leader = await this.#agreed(deadline);
      if (this.#leads === 'any' || (leader === this.appId) === (this.#leads === 'app'))
        return leader;
      await this.restart(leader);
    }
  }

  async restart(id: string): Promise<void> {
    if (id === this.appId) return this.reopenApp();
    await this.child(id).stop();
    await this.startChild(id);
  }

  /** Resolves when every member has applied all that is committed now. */
  async caughtUp(): Promise<void> {
    // A follower hears of a commit a little later than the leader.
    const known = (await this.statuses()).map((status) => status.commitIndex);
    const commitIndex = Math.max(...known);
    await until(`all members to apply entry ${commitIndex}`, Date.now() + WAIT_MS, async () => {
      const statuses = await this.statuses();
      return statuses.every((s) => s.appliedIndex >= commitIndex && s.role !== 'starting');
    });
  }

  statuses(): Promise<Status[]> {
    const children = [...this.#children.values()];
    return Promise.all([this.app.status(), ...children.map((child) => child.status())]);
  }

  async close(): Promise<void> {
    // The leader last: otherwise each one that goes makes the next one lead.
    for (const child of this.#children.values()) await child.stop();
    await this.app.close();
  }

  async #agreed(deadline: number): Promise<string> {
    let agreed: string | null = null;
    await until('all members to know one leader', deadline, async () => {
      const leaders = new Set((await this.statuses()).map((status) => status.leader));
      agreed = leaders.size === 1 ? ([...leaders][0] ?? null) : null;
      return agreed !== null;
    });
    return agreed ?? '';
  }

  #options(id: string): OpenOptions {
    return {
      dir: this.directory(id),
      id,
      members: this.#addresses,
      cluster: 'bench',
    };
  }
}
