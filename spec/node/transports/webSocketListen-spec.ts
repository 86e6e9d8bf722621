import { connect as connectTcp } from 'node:net';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { EMPTY, firstValueFrom, NEVER, of, type Subscription, throwError } from 'rxjs';
import { WebSocket } from 'ws';
import { TransportFailedError, WebSocketClosedError } from '../../../lib/errors.js';
import {
  type AcceptedTransport,
  webSocketListen,
  type WebSocketListenOptions,
} from '../../../lib/transports/node/webSocketListen.js';
import { webSocketConnect } from '../../../lib/transports/webSocketConnect.js';
import { until } from '../../connection/pair.js';

const accepted: AcceptedTransport[] = [];
let listening: Subscription | undefined;

function listen(
  options: Omit<WebSocketListenOptions, 'port' | 'server' | 'listening'> = {},
): Promise<number> {
  return new Promise((resolve, reject) => {
    listening = webSocketListen({ ...options, port: 0, listening: ({ port }) => resolve(port) }).subscribe({
      next: transport => accepted.push(transport),
      error: reject,
    });
  });
}

/** The status with which a request for a WebSocket is answered; 101 for one. */
function statusOf(
  port: number,
  { path = '/', origin, host }: { path?: string; origin?: string; host?: string } = {},
) {
  return new Promise<number>(resolve => {
    const socket = new WebSocket(`ws://127.0.0.1:${port}${path}`, {
      ...(origin !== undefined && { origin }),
      ...(host !== undefined && { headers: { host } }),
    });
    socket.on('error', () => undefined);
    socket.on('unexpected-response', (_request, response) => {
      response.destroy();
      resolve(response.statusCode!);
    });
    socket.on('open', () => {
      socket.terminate();
      resolve(101);
    });
  });
}

describe('webSocketListen', () => {
  // The suites of this file share it.
  beforeEach(() => {
    accepted.length = 0;
  });

  afterEach(() => listening?.unsubscribe());

  it('lets in pages of the same host, those of a list, and whoever is no page', async () => {
    const port = await listen();
    expect(await statusOf(port)).toBe(101);
    expect(await statusOf(port, { origin: `http://127.0.0.1:${port}` })).toBe(101);
    expect(await statusOf(port, { origin: 'http://evil.example' })).toBe(403);
    expect(await statusOf(port, { origin: 'null' })).toBe(403);
    // A name of the attacker's that resolves to this machine.
    expect(await statusOf(port, { origin: 'http://evil.example', host: 'evil.example' })).toBe(403);
    listening!.unsubscribe();
    const strict = await listen({ origins: ['https://good.example'] });
    expect(await statusOf(strict, { origin: 'https://good.example' })).toBe(101);
    expect(await statusOf(strict, { origin: 'https://good.example.evil.example' })).toBe(403);
    expect(await statusOf(strict, { origin: `http://127.0.0.1:${strict}` })).toBe(403);
  });

  it('asks an authorizer, and takes whatever is not true for a no', async () => {
    const answers: Record<string, WebSocketListenOptions['authorize']> = {
      '/yes': () => true,
      '/later': () => Promise.resolve(true),
      '/stream': () => of(true, false),
      '/no': () => false,
      '/empty': () => EMPTY,
      '/truthy': () => Promise.resolve('yes' as never),
      '/throws': () => {
        throw new Error('broken');
      },
      '/fails': () => throwError(() => new Error('broken')),
      '/never': () => NEVER,
    };
    const port = await listen({
      authorize: request => answers[request.url!]!(request),
      authorizeTimeoutMs: 50,
    });
    const status: Record<string, number> = {};
    for (const path of Object.keys(answers)) status[path] = await statusOf(port, { path });
    expect(status).toEqual({
      '/yes': 101,
      '/later': 101,
      '/stream': 101,
      '/no': 403,
      '/empty': 403,
      '/truthy': 403,
      '/throws': 403,
      '/fails': 403,
      '/never': 408,
    });
  });

  it('takes maxConnections, those that still wait included, and not one more', async () => {
    const port = await listen({
      maxConnections: 2,
      authorize: ({ url }) => (url === '/wait' ? NEVER : true),
    });
    const first = new WebSocket(`ws://127.0.0.1:${port}`);
    await until(() => accepted.length === 1);
    const waits = connectTcp(port, '127.0.0.1');
    waits.write(
      'GET /wait HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n',
    );
    await new Promise(resolve => setTimeout(resolve, 30));
    expect(await statusOf(port)).toBe(503);
    waits.destroy(); // goes away while somebody thinks about it
    await new Promise(resolve => setTimeout(resolve, 30));
    expect(await statusOf(port)).toBe(101);
    first.terminate();
  });

  it('ends a connection whose message is one byte longer than maxPayloadBytes', async () => {
    const port = await listen({ maxPayloadBytes: 1000 });
    for (const [length, codes] of [
      [1000, []],
      [1001, [1009]],
    ] as const) {
      const client = new WebSocket(`ws://127.0.0.1:${port}`);
      const ended: number[] = [];
      client.on('close', code => ended.push(code)).on('error', () => undefined);
      await until(() => client.readyState === WebSocket.OPEN && accepted.length > 0);
      let received = 0;
      accepted.at(-1)!.subscribe({ next: chunk => (received += chunk.length), error: () => undefined });
      client.send(new Uint8Array(length));
      await until(() => received === length || ended.length > 0);
      expect(ended).toEqual([...codes]);
      client.terminate();
    }
  });

  it('refuses text with code 1003', async () => {
    const port = await listen();
    const client = new WebSocket(`ws://127.0.0.1:${port}`);
    await until(() => accepted.length === 1 && client.readyState === WebSocket.OPEN);
    const failed = new Promise(resolve => accepted[0].subscribe({ error: resolve }));
    const closed = new Promise(resolve => client.on('close', resolve));
    client.send('text');
    expect(await failed).toEqual(new WebSocketClosedError(1003, 'a message that is not binary'));
    expect(await closed).toBe(1003);
  });

  it('serves one path of a server that exists, and leaves it the rest', async () => {
    const server = createServer((_request, response) => response.end('a page'));
    await new Promise<void>(bound => server.listen(0, '127.0.0.1', bound));
    const { port } = server.address() as AddressInfo;
    const subscription = webSocketListen({ server, path: '/cores' }).subscribe();
    await until(() => server.listenerCount('upgrade') === 1);
    expect(await statusOf(port, { path: '/cores?token=1' })).toBe(101);
    expect(await statusOf(port, { path: '/other' })).toBe(404);
    expect(await (await fetch(`http://127.0.0.1:${port}`)).text()).toBe('a page');
    subscription.unsubscribe();
    expect(server.listenerCount('upgrade')).toBe(0);
    expect(await (await fetch(`http://127.0.0.1:${port}`)).text()).toBe('a page');
    server.closeAllConnections();
    await new Promise(resolve => server.close(resolve));
  });

  it('ends its connections with 1001 on unsubscription, which is an end in order', async () => {
    const port = await listen();
    const outcome = new Promise(resolve =>
      webSocketConnect(`ws://127.0.0.1:${port}`, { WebSocket }).subscribe(transport => {
        transport.subscribe({ error: resolve, complete: () => resolve('complete') });
        listening!.unsubscribe();
      }),
    );
    expect(await outcome).toBe('complete');
    const refused = await firstValueFrom(webSocketConnect(`ws://127.0.0.1:${port}`, { WebSocket })).catch(
      (error: unknown) => error,
    );
    expect(refused).toBeInstanceOf(TransportFailedError);
    expect(((refused as Error).cause as NodeJS.ErrnoException).code).toBe('ECONNREFUSED');
  });

  it('complains at once of options that make no sense', () => {
    expect(() => webSocketListen({})).toThrowError(TypeError);
    expect(() => webSocketListen({ port: 0, server: createServer() })).toThrowError(TypeError);
    expect(() => webSocketListen({ port: 0, maxPayloadBytes: 0 })).toThrowError(RangeError);
    expect(() => webSocketListen({ port: 0, highWaterMarkBytes: 10, lowWaterMarkBytes: 10 })).toThrowError(
      RangeError,
    );
  });
});

describe('webSocketConnect', () => {
  afterEach(() => listening?.unsubscribe());

  it('asks for the address at each attempt, however it comes', async () => {
    const port = await listen();
    const address = `ws://127.0.0.1:${port}`;
    let asked = 0;
    for (const answer of [address, new URL(address), Promise.resolve(address), of(address, 'never used')]) {
      const dial = webSocketConnect(
        () => {
          asked++;
          return answer;
        },
        { WebSocket },
      );
      await firstValueFrom(dial);
      await firstValueFrom(dial);
    }
    expect(asked).toBe(8);
  });

  it('fails with what the address failed with, and in time if there is none', async () => {
    const cause = new Error('no token');
    const outcome = (url: () => never): Promise<unknown> =>
      firstValueFrom(webSocketConnect(url, { WebSocket, connectTimeoutMs: 30 })).catch(
        (error: unknown) => error,
      );
    expect(await outcome(() => Promise.reject(cause) as never)).toEqual(new TransportFailedError(cause));
    expect(
      await outcome(() => {
        throw cause;
      }),
    ).toEqual(new TransportFailedError(cause));
    expect(await outcome(() => EMPTY as never)).toBeInstanceOf(TransportFailedError);
    expect(((await outcome(() => NEVER as never)) as { code: string }).code).toBe('ERR_TIMEOUT');
    expect(await outcome(() => 'not an address' as never)).toBeInstanceOf(SyntaxError);
  });

  it('closes the socket on unsubscription, before and after it is open', async () => {
    const port = await listen();
    const before = webSocketConnect(`ws://127.0.0.1:${port}`, { WebSocket }).subscribe();
    before.unsubscribe();
    const count = accepted.length;
    const after = webSocketConnect(`ws://127.0.0.1:${port}`, { WebSocket }).subscribe();
    await until(() => accepted.length === count + 1);
    const ended = new Promise(resolve =>
      accepted.at(-1)!.subscribe({ error: resolve, complete: () => resolve(0) }),
    );
    after.unsubscribe();
    expect(await ended).toBeInstanceOf(WebSocketClosedError);
  });

  it('keeps no more than maxInboundBytes for a reader that has paused', async () => {
    const port = await listen();
    /** As in a browser: it cannot pause. */
    class Unpausable extends WebSocket {
      override pause(): void {}
    }
    for (const over of [0, 1]) {
      const count = accepted.length;
      const failed: unknown[] = [];
      const dialled = webSocketConnect(`ws://127.0.0.1:${port}`, {
        WebSocket: Unpausable,
        maxInboundBytes: 1000,
      }).subscribe(transport => {
        transport.subscribe({ error: error => failed.push(error) });
        transport.pause!();
      });
      await until(() => accepted.length === count + 1);
      accepted.at(-1)!.subscribe({ error: () => undefined });
      accepted.at(-1)!.next(new Uint8Array(1000));
      if (over > 0) accepted.at(-1)!.next(new Uint8Array(over));
      await new Promise(resolve => setTimeout(resolve, 50));
      expect(failed.map(error => (error as { limit: string }).limit)).toEqual(
        over > 0 ? ['maxInboundBytes'] : [],
      );
      dialled.unsubscribe();
    }
  });
});
