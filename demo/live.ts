import { setTimeout as delay } from 'node:timers/promises';
import { messageOf } from '../src/base/errors.ts';
import type { Cluster } from './cluster.ts';
import { listenToKeys } from './keys.ts';
import { LIMITS, VIEW_LOAD } from './limits.ts';
import { Load } from './load.ts';
import type { MemberProcess } from './member-process.ts';
import {
  leaderAmong,
  lookAround,
  type Sighting,
  waitForCatchUp,
  waitForLeader,
} from './observe.ts';
import { type Picture, renderKillHint, renderLine, renderPicture } from './render.ts';
import { count, type Screen } from './screen.ts';
import { followTakeover, Verification } from './takeover.ts';

/**
 * Shows the cluster at work, until somebody quits or `signal` is aborted. Throws when the load
 * meets an error that no retry helps.
 */
export async function runLive(
  cluster: Cluster,
  cities: number,
  screen: Screen,
  signal: AbortSignal,
): Promise<void> {
  const view = new LiveView(cluster, cities, screen);
  await view.run(signal);
}

class LiveView {
  readonly #cluster: Cluster;
  readonly #screen: Screen;
  readonly #load: Load;
  readonly #verification: Verification;
  #sightings: readonly Sighting[] = [];
  /** The last one seen, also while nobody leads. */
  #leader: Sighting | null = null;
  #events: string[] = [];
  #keys = false;
  #ended = false;

  constructor(cluster: Cluster, cities: number, screen: Screen) {
    this.#cluster = cluster;
    this.#screen = screen;
    this.#load = new Load(cluster, cities, VIEW_LOAD);
    this.#verification = new Verification(cluster, this.#load, cities);
  }

  async run(signal: AbortSignal): Promise<void> {
    const failed = new Promise<never>((_, reject) => this.#load.start(reject));
    this.#cluster.onDeath((member) => void this.#onDeath(member));
    let quit = () => {};
    const quitting = new Promise<void>((resolve) => {
      quit = resolve;
    });
    signal.addEventListener('abort', quit);
    if (!this.#screen.inPlace) {
      const { member } = await waitForLeader(this.#cluster);
      this.#screen.say(renderKillHint(member));
    }
    const unlisten = listenToKeys((name) => this.#onKey(name, quit));
    this.#keys = unlisten !== null;
    try {
      await Promise.race([this.#drawUntilEnded(), failed, quitting]);
    } finally {
      this.#ended = true;
      unlisten?.();
      await Promise.race([this.#load.stop(), delay(LIMITS.loadStopMs)]);
      this.#leave();
    }
  }

  async #drawUntilEnded(): Promise<void> {
    while (!this.#ended) {
      this.#sightings = await lookAround(this.#cluster);
      this.#leader = leaderAmong(this.#sightings) ?? this.#leader;
      if (this.#ended) return;
      this.#draw();
      await delay(this.#screen.inPlace ? LIMITS.redrawMs : LIMITS.plainLineMs);
    }
  }

  #draw(): void {
    const picture: Picture = {
      sightings: this.#sightings,
      load: this.#load,
      lost: this.#verification.findings.lost.size,
      events: this.#events,
      keys: this.#keys,
    };
    if (this.#screen.inPlace) this.#screen.draw(renderPicture(picture));
    else this.#screen.say(renderLine(picture));
  }

  /** Where the view was drawn, what it told stays to be read. */
  #leave(): void {
    if (!this.#screen.inPlace) return;
    this.#screen.clear();
    for (const line of this.#events) this.#screen.say(line);
  }

  #onKey(name: string, quit: () => void): void {
    if (name === 'q' || name === 'ctrl-c') quit();
    else if (name === 'k') void this.#leader?.member.kill();
    else
      for (const member of this.#cluster.members)
        if (member.state === 'died' && (name === 'r' || name === member.id))
          void this.#restart(member);
  }

  async #onDeath(member: MemberProcess): Promise<void> {
    if (this.#ended) return;
    const noticedMs = performance.now();
    const term = this.#leader?.status?.term ?? 0;
    const led = this.#leader?.member === member;
    this.#tell(led ? `${member.id} died, leading term ${term}` : `${member.id} died, a follower`);
    try {
      const from = led ? term : term - 1;
      const { next, gapMs } = await followTakeover(this.#cluster, this.#load, noticedMs, from);
      const who = `${next.member.id} leads term ${next.status.term}`;
      this.#tell(`${who}; writers waited ${Math.round(gapMs)} ms at most`);
      if (!this.#screen.inPlace) this.#screen.say(renderKillHint(next.member));
      await this.#verify();
    } catch (error) {
      if (!this.#ended)
        this.#tell(`not verified after the death of ${member.id}: ${messageOf(error)}`);
    }
  }

  async #verify(): Promise<void> {
    await this.#verification.run();
    const { verified, findings } = this.#verification;
    const { lost, duplicated } = findings;
    const found = `${lost.size} lost, ${duplicated.size} duplicated`;
    this.#tell(`looked up ${count(verified)} acknowledged writes: ${found}`);
  }

  async #restart(member: MemberProcess): Promise<void> {
    const startMs = performance.now();
    this.#tell(`${member.id} starts`);
    try {
      await member.start();
      this.#load.memberReturned(member.id);
      await waitForCatchUp(this.#cluster, member);
      this.#tell(`${member.id} has caught up after ${Math.round(performance.now() - startMs)} ms`);
    } catch (error) {
      if (!this.#ended) this.#tell(messageOf(error));
    }
  }

  #tell(text: string): void {
    const line = `${new Date().toLocaleTimeString('en-GB')}  ${text}`;
    this.#events = [...this.#events, line].slice(-LIMITS.eventsShown);
    if (!this.#screen.inPlace) this.#screen.say(line);
  }
}
