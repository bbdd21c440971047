import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';

/**
 * `count` ports of 127.0.0.1 that nobody listens on: held all at once, so that they differ, and let
 * go.
 */
export async function findFreePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer());
  const ports: number[] = [];
  for (const server of servers) {
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    ports.push((server.address() as AddressInfo).port);
  }
  for (const server of servers) {
    server.close();
    await once(server, 'close');
  }
  return ports;
}
