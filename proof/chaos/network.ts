import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { parseAddress } from '../../src/base/address.ts';
import { type Passage, Pipe } from './pipe.ts';

const OPEN: Passage = { kind: 'open' };

interface Connection {
  readonly dialler: Socket;
  readonly acceptor: Socket;
  readonly there: Pipe;
  readonly back: Pipe;
}

/**
 * What lies between the members: a proxy for each ordered pair. The member `from` is given the
 * proxy's address for `to`. A passage is that of one direction, whoever dialled: what is cut from a
 * to b is cut on connections of both.
 */
export class Network {
  readonly #links: readonly Link[];

  private constructor(links: readonly Link[]) {
    this.#links = links;
  }

  /** `listens`: where each member really listens. */
  static async open(listens: Readonly<Record<string, string>>): Promise<Network> {
    const ids = Object.keys(listens);
    const pairs = ids.flatMap((from) =>
      ids.filter((to) => to !== from).map((to) => ({ from, to, target: listens[to]! })),
    );
    const links = pairs.map(({ from, to, target }) => new Link(from, to, target));
    await Promise.all(links.map((link) => link.listen()));
    return new Network(links);
  }

  /** Where `from` reaches `to`. */
  addressOf(from: string, to: string): string {
    return this.#links.find((link) => link.from === from && link.to === to)!.address;
  }

  set(from: string, to: string, passage: Passage): void {
    for (const link of this.#links) {
      if (link.from === from && link.to === to) link.setThere(passage);
      if (link.from === to && link.to === from) link.setBack(passage);
    }
  }

  heal(): void {
    for (const link of this.#links) {
      link.setThere(OPEN);
      link.setBack(OPEN);
    }
  }

  async close(): Promise<void> {
    await Promise.all(this.#links.map((link) => link.close()));
  }
}

/** The proxy that one member dials to reach another. */
class Link {
  readonly from: string;
  readonly to: string;
  readonly #target: string;
  readonly #server: Server;
  readonly #connections = new Set<Connection>();
  /** Accepted while the way there was held: dialled on when it opens. */
  readonly #undialled = new Set<Socket>();
  #there: Passage = OPEN;
  #back: Passage = OPEN;

  constructor(from: string, to: string, target: string) {
    this.from = from;
    this.to = to;
    this.#target = target;
    this.#server = createServer({ allowHalfOpen: true, pauseOnConnect: true }, (socket) =>
      this.#accept(socket),
    );
  }

  get address(): string {
    const { address, port } = this.#server.address() as AddressInfo;
    return `${address}:${port}`;
  }

  async listen(): Promise<void> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
  }

  setThere(passage: Passage): void {
    this.#there = passage;
    for (const { there } of this.#connections) there.set(passage);
    this.#dialWaiting();
  }

  setBack(passage: Passage): void {
    this.#back = passage;
    for (const { back } of this.#connections) back.set(passage);
    this.#dialWaiting();
  }

  async close(): Promise<void> {
    for (const socket of this.#undialled) socket.destroy();
    for (const { dialler, acceptor } of this.#connections) {
      dialler.destroy();
      acceptor.destroy();
    }
    if (this.#server.listening) await once(this.#server.close(), 'close');
  }

  #accept(dialler: Socket): void {
    dialler.setNoDelay(true);
    // Whatever goes wrong with a connection shows as its closing.
    dialler.on('error', () => {});
    this.#undialled.add(dialler);
    dialler.once('close', () => this.#undialled.delete(dialler));
    this.#dialWaiting();
  }

  #dialWaiting(): void {
    if (this.#there.kind === 'held') return;
    for (const dialler of this.#undialled) {
      this.#undialled.delete(dialler);
      if (this.#there.kind === 'closed' || this.#back.kind === 'closed') dialler.destroy();
      else this.#join(dialler);
    }
  }

  #join(dialler: Socket): void {
    const acceptor = connect({ ...parseAddress(this.#target), allowHalfOpen: true, noDelay: true });
    acceptor.on('error', () => {});
    const there = new Pipe(dialler, acceptor, this.#there);
    const back = new Pipe(acceptor, dialler, this.#back);
    const connection: Connection = { dialler, acceptor, there, back };
    this.#connections.add(connection);
    const forget = () => {
      if (dialler.destroyed && acceptor.destroyed) this.#connections.delete(connection);
    };
    dialler.once('close', forget);
    acceptor.once('close', forget);
  }
}
