import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

export async function openSocket(address: string): Promise<Socket> {
  const [host, port] = address.split(':');
  const socket = connect(Number(port), host);
  socket.on('error', () => {}); // a reset is one way to be closed
  socket.resume();
  await once(socket, 'connect');
  return socket;
}
