import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';

const taken = ['EADDRINUSE', 'EACCES'];

/** Listens on the port, or on a free one if that is taken; resolves to which it is. */
export async function listen(server: Server, port: number, host = '127.0.0.1'): Promise<number> {
  for (const wanted of [port, 0]) {
    server.listen(wanted, host);
    try {
      await once(server, 'listening');
      return (server.address() as AddressInfo).port;
    } catch (error) {
      if (wanted === 0 || !taken.includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
    }
  }
  throw new Error('no port is free');
}
