import { createServer as createHttpServer, get } from 'node:http';
import { connect as connectHttp2, createServer as createHttp2Server } from 'node:http2';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { connect as connectTls, createServer as createTlsServer } from 'node:tls';
import { hypercoreProtocol } from '../../../lib/connection/hypercoreProtocol.js';
import { sodiumNativeCrypto } from '../../../lib/crypto/sodiumNative/sodiumNative.js';
import type { HypercoreError } from '../../../lib/errors.js';
import { tcpConnect, tcpListen } from '../../../lib/transports/tcp.js';
import type { Transport } from '../../../lib/transports/Transport.js';
import { type Observable, Subscription } from 'rxjs';

const limits = { handshakeTimeoutMs: 2000 };
type Failure = HypercoreError & { readonly speaks?: string; readonly phase?: string };

/** How the first connection of the source failed: the code, and what says more. */
async function failureOf(transports: Observable<Transport>, initiator: boolean): Promise<string> {
  const crypto = await sodiumNativeCrypto();
  const subscription = new Subscription();
  const failure = await new Promise<Failure>(resolve => {
    subscription.add(
      transports.pipe(hypercoreProtocol({ initiator, crypto, limits })).subscribe({
        next: protocol => protocol.closed.subscribe({ error: resolve }),
        error: resolve,
      }),
    );
  });
  subscription.unsubscribe();
  return `${failure.code} ${failure.speaks ?? failure.phase}`;
}

describe('a remote over TCP that is no peer', () => {
  const over: (() => void)[] = [];
  afterEach(() => {
    for (const end of over.splice(0)) end();
  });

  /** What we make of a server that we dial. */
  async function dialled(server: Server): Promise<string> {
    const sockets = new Set<Socket>();
    server.on('connection', socket => void sockets.add(socket));
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
    over.push(() => {
      for (const socket of sockets) socket.destroy();
      server.close();
    });
    return failureOf(tcpConnect({ port: (server.address() as AddressInfo).port }), true);
  }

  /** What we make of a client that dials us. */
  function dialling(
    dial: (port: number) => { destroy(): unknown; on(event: 'error', f: () => void): unknown },
  ) {
    const listening = ({ port }: AddressInfo): void => {
      const client = dial(port);
      client.on('error', () => undefined);
      over.push(() => client.destroy());
    };
    return failureOf(tcpListen({ port: 0, listening }), false);
  }

  it('is named: an HTTP server', async () => {
    expect(await dialled(createHttpServer())).toBe('ERR_FOREIGN_PROTOCOL http');
  });

  it('is said to have closed during the handshake: a TLS server, which answers nothing to what is not TLS', async () => {
    const server = createTlsServer().on('tlsClientError', () => undefined);
    expect(await dialled(server)).toBe('ERR_TRANSPORT_CLOSED handshake');
  });

  it('is named: an HTTP client', async () => {
    expect(await dialling(port => get({ port, host: '127.0.0.1' }))).toBe('ERR_FOREIGN_PROTOCOL http');
  });

  it('is named: an HTTP/2 client', async () => {
    expect(await dialling(port => connectHttp2(`http://127.0.0.1:${port}`))).toBe(
      'ERR_FOREIGN_PROTOCOL http',
    );
  });

  it('is named: a TLS client', async () => {
    expect(await dialling(port => connectTls({ port, host: '127.0.0.1' }))).toBe('ERR_FOREIGN_PROTOCOL tls');
  });

  it('is named: a server that greets first, as SSH does', async () => {
    const server = createServer(socket =>
      socket.on('error', () => undefined).write('SSH-2.0-OpenSSH_9.2p1\r\n'),
    );
    expect(await dialled(server)).toBe('ERR_FOREIGN_PROTOCOL ssh');
  });

  it('is not named where it says nothing: it ends, it resets, it waits', async () => {
    const ends = createServer(socket => socket.on('error', () => undefined).end());
    expect(await dialled(ends)).toBe('ERR_TRANSPORT_CLOSED handshake');
    const resets = createServer(socket => {
      socket.on('error', () => undefined).once('data', () => socket.resetAndDestroy());
    });
    expect(await dialled(resets)).toBe('ERR_TRANSPORT_FAILED handshake');
    const waits = createServer(socket => socket.on('error', () => undefined).resume());
    expect(await dialled(waits)).toBe('ERR_TIMEOUT handshake');
  });

  it('is said to have refused where nobody listens', async () => {
    const server = createServer();
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    await new Promise(resolve => server.close(resolve));
    expect(await failureOf(tcpConnect({ port }), true)).toBe('ERR_TRANSPORT_FAILED connect');
  });

  it('is not waited for without an end: an HTTP/2 server', async () => {
    // It says its settings first, which are 9 bytes and no name of anything.
    expect(await dialled(createHttp2Server().on('sessionError', () => undefined))).toMatch(/^ERR_/);
  });
});
