import { once } from 'node:events';
import { createServer } from 'node:net';
import { platform } from 'node:process';

/**
 * A loopback address of its own for each cluster, where the system has them: a member that restarts on its port then never
 * meets an outgoing connection that was given that port meanwhile, for those come from 127.0.0.1.
 */
function loopback(): string {
  if (platform !== 'linux') return '127.0.0.1';
  const part = () => 1 + Math.floor(Math.random() * 250);
  return `127.${part()}.${part()}.${part()}`;
}

/** Addresses that were free a moment ago, one for each id. */
export async function freeAddresses(ids: readonly string[]): Promise<Record<string, string>> {
  const host = loopback();
  const servers = ids.map(() => createServer());
  for (const server of servers) await once(server.listen(0, host), 'listening');
  const ports = servers.map((server) => (server.address() as { port: number }).port);
  for (const server of servers) await once(server.close(), 'close');
  return Object.fromEntries(ids.map((id, i) => [id, `${host}:${ports[i]}`]));
}
