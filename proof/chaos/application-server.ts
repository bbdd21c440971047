import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { json } from 'node:stream/consumers';
import type { LocalDatabase } from '../../src/api/database.ts';
import { parseAddress } from '../../src/base/address.ts';
import { messageOf } from '../../src/base/errors.ts';
import type { Action } from '../history/operation.ts';
import { fateOf, perform } from './application.ts';
import type { Wish } from './ipc.ts';

/** Asks for what became of a write. */
export interface Question {
  readonly id: string;
  readonly action: Action;
}

export type ApplicationRequest =
  | { readonly wish: Wish }
  | { readonly questions: readonly Question[] };

/** An application's own door beside that of its member: what comes in here is done on the handle. Returns what closes it. */
export async function serveApplication(
  database: LocalDatabase,
  address: string,
): Promise<() => Promise<void>> {
  const server = createServer((request, response) => {
    answer(database, request, response).catch((error) => {
      response.writeHead(500).end(messageOf(error));
    });
  });
  server.listen(parseAddress(address));
  await once(server, 'listening');
  return async () => {
    const closed = once(server.close(), 'close');
    server.closeIdleConnections();
    await closed;
  };
}

async function answer(
  database: LocalDatabase,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const asked = (await json(request)) as ApplicationRequest;
  const said =
    'wish' in asked
      ? await perform(database, asked.wish)
      : await Promise.all(asked.questions.map(({ id, action }) => fateOf(database, id, action)));
  response.setHeader('connection', 'close');
  response.end(JSON.stringify(said));
}
