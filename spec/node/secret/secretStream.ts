import { once } from 'node:events';
import { createRequire } from 'node:module';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** What the specs use of @hyperswarm/secret-stream, which has no types of its own. */
export interface SecretStream {
  readonly publicKey: Uint8Array;
  readonly remotePublicKey: Uint8Array;
  readonly handshakeHash: Uint8Array;
  readonly opened: Promise<boolean>;
  readonly rawBytesRead: number;
  readonly destroyed: boolean;
  on(event: 'data', listener: (data: Uint8Array) => void): this;
  on(event: 'error', listener: (error: Error) => void): this;
  on(event: 'end' | 'close' | 'drain', listener: () => void): this;
  once(event: 'drain' | 'close' | 'error', listener: (error?: Error) => void): this;
  write(data: Uint8Array): boolean;
  end(): void;
  destroy(): void;
}

export interface SecretStreamOptions {
  pattern?: 'XX' | 'IK';
  keyPair?: { publicKey: Uint8Array; secretKey: Uint8Array };
  remotePublicKey?: Uint8Array;
  keepAlive?: number;
  filterZeroByteMessages?: boolean;
  handshake?: {
    tx: Uint8Array;
    rx: Uint8Array;
    hash: Uint8Array;
    publicKey: Uint8Array;
    remotePublicKey: Uint8Array;
  };
}

export const OfficialStream = createRequire(import.meta.url)('@hyperswarm/secret-stream') as new (
  isInitiator: boolean,
  rawStream: Socket,
  options?: SecretStreamOptions,
) => SecretStream;

/** Two ends of a TCP connection on this machine. */
export async function socketPair(): Promise<[Socket, Socket]> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const near = connect({ port: (server.address() as AddressInfo).port, host: '127.0.0.1', noDelay: true });
  const [far] = (await once(server, 'connection')) as [Socket];
  await once(near, 'connect');
  server.close();
  return [near, far];
}

export async function until(condition: () => boolean, what: string): Promise<void> {
  for (const started = Date.now(); !condition();) {
    if (Date.now() - started > 8000) throw new Error(`in vain: ${what}`);
    await new Promise(resolve => setTimeout(resolve, 2));
  }
}
