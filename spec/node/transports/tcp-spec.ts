import { spawn } from 'node:child_process';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { PassThrough } from 'node:stream';
import { firstValueFrom, type Observable, type Subscription, take, toArray } from 'rxjs';
import { TimeoutExceededError, TransportFailedError } from '../../../lib/errors.js';
import { nodeDuplex } from '../../../lib/transports/nodeDuplex.js';
import { tcpConnect, tcpListen } from '../../../lib/transports/tcp.js';
import type { Transport } from '../../../lib/transports/Transport.js';

const after = (ms: number): Promise<void> => new Promise(resolve => setTimeout(resolve, ms));

async function until(condition: () => boolean): Promise<void> {
  for (let i = 0; !condition(); i++) {
    if (i === 400) throw new Error('the condition did not become true in two seconds');
    await after(5);
  }
}

/** Listens on a port of the system's choice. */
function listen(use: (transport: Transport) => void): Promise<{ port: number; subscription: Subscription }> {
  return new Promise(resolve => {
    const subscription: Subscription = tcpListen({
      port: 0,
      listening: ({ port }) => resolve({ port, subscription }),
    }).subscribe(use);
  });
}

function plainServer(use: (socket: Socket) => void): Promise<{ server: Server; port: number }> {
  return new Promise(resolve => {
    const server = createServer(use).listen(0, '127.0.0.1', () =>
      resolve({ server, port: (server.address() as AddressInfo).port }),
    );
  });
}

const bytesOf = (source: Observable<Uint8Array>): Promise<string> =>
  firstValueFrom(source.pipe(toArray())).then(chunks => Buffer.concat(chunks).toString());

describe('tcpConnect and tcpListen', () => {
  it('carry bytes both ways and end in order', async () => {
    const accepted: Promise<string>[] = [];
    const { port, subscription } = await listen(transport => {
      accepted.push(bytesOf(transport));
      transport.next(Buffer.from('from the server'));
      transport.complete();
    });
    const dialled = await new Promise<string>((resolve, reject) => {
      let transport: Transport;
      const text: string[] = [];
      tcpConnect({ port }).subscribe({
        next: value => {
          transport = value;
          transport.next(Buffer.from('from the client'));
          transport.subscribe({
            next: chunk => text.push(Buffer.from(chunk).toString()),
            error: reject,
            complete: () => transport.complete(),
          });
        },
        error: reject,
        complete: () => resolve(text.join('')),
      });
    });
    expect(dialled).toBe('from the server');
    expect(await accepted[0]).toBe('from the client');
    subscription.unsubscribe();
  });

  it('dial anew for each subscription, and not before', async () => {
    let connections = 0;
    const { server, port } = await plainServer(() => connections++);
    const dial = tcpConnect({ port });
    await after(20);
    expect(connections).toBe(0);
    const both = [dial.subscribe(), dial.subscribe()];
    await until(() => connections === 2);
    for (const subscription of both) subscription.unsubscribe();
    server.close();
  });

  it('free the socket on unsubscription, before and after it is connected', async () => {
    let open = 0;
    const { server, port } = await plainServer(socket => {
      open++;
      socket.on('error', () => undefined).on('close', () => open--);
    });
    tcpConnect({ port }).subscribe().unsubscribe();
    const subscription = tcpConnect({ port }).subscribe();
    await until(() => open === 1);
    subscription.unsubscribe();
    await until(() => open === 0);
    await new Promise(resolve => server.close(resolve)); // it only closes when no connection is left
    expect(open).toBe(0);
  });

  it('close the server and its connections on unsubscription', async () => {
    const { port, subscription } = await listen(() => undefined);
    const socket = connect(port, '127.0.0.1');
    const closed = new Promise<void>(resolve =>
      socket.on('error', () => undefined).on('close', () => resolve()),
    );
    await new Promise(resolve => socket.once('connect', resolve));
    await after(20);
    subscription.unsubscribe();
    await closed;
    await expectAsync(firstValueFrom(tcpConnect({ port }))).toBeRejectedWithError(TransportFailedError);
  });

  it('say what the system said when dialling or listening fails', async () => {
    const { port, subscription } = await listen(() => undefined);
    const taken = await firstValueFrom(tcpListen({ port })).catch((error: unknown) => error);
    expect(taken).toBeInstanceOf(TransportFailedError);
    expect(((taken as Error).cause as NodeJS.ErrnoException).code).toBe('EADDRINUSE');
    subscription.unsubscribe();
    const refused = await firstValueFrom(tcpConnect({ port })).catch((error: unknown) => error);
    expect(((refused as Error).cause as NodeJS.ErrnoException).code).toBe('ECONNREFUSED');
  });

  it('give up dialling after connectTimeoutMs', async () => {
    // A stopped process whose queue of connections is full: the system leaves further ones without an answer.
    const script = `require('net').createServer().listen({ port: 0, host: '127.0.0.1', backlog: 1 }, function () { console.log(this.address().port) })`;
    const child = spawn(process.execPath, ['-e', script]);
    const port = await new Promise<number>(resolve =>
      child.stdout.once('data', data => resolve(Number(data))),
    );
    child.kill('SIGSTOP');
    const fillers = Array.from({ length: 8 }, () => connect(port, '127.0.0.1').on('error', () => undefined));
    await after(100);
    const outcome = await firstValueFrom(tcpConnect({ port, connectTimeoutMs: 50 })).catch(
      (error: unknown) => error,
    );
    expect(outcome).toEqual(new TimeoutExceededError('connect', 50));
    for (const filler of fillers) filler.destroy();
    child.kill('SIGKILL');
  });

  it('report a reset as ERR_TRANSPORT_FAILED', async () => {
    const { server, port } = await plainServer(socket => setTimeout(() => socket.resetAndDestroy(), 20));
    const outcome = await new Promise(resolve =>
      tcpConnect({ port }).subscribe(transport =>
        transport.subscribe({ error: resolve, complete: () => resolve('complete') }),
      ),
    );
    expect(outcome).toBeInstanceOf(TransportFailedError);
    server.close();
  });

  it('show back-pressure: writable turns false, queuedBytes grows, and both recover', async () => {
    let reader: Socket | undefined;
    const { server, port } = await plainServer(socket => {
      reader = socket.pause();
    });
    const subscription = tcpConnect({ port }).subscribe(transport => {
      void (async () => {
        const seen: boolean[] = [];
        transport.writable!.subscribe(value => seen.push(value));
        const block = new Uint8Array(1 << 20);
        for (let i = 0; i < 64 && seen.at(-1) === true; i++) transport.next(block);
        expect(seen).toEqual([true, false]);
        expect(transport.queuedBytes).toBeGreaterThan(0);
        reader!.resume();
        await until(() => seen.length === 3);
        expect(seen).toEqual([true, false, true]);
        subscription.unsubscribe();
      })();
    });
    await until(() => subscription.closed);
    server.close();
  });
});

describe('nodeDuplex', () => {
  it('takes any Node stream, and can be left and taken up again', async () => {
    const stream = new PassThrough();
    const transport = nodeDuplex(stream);
    stream.write('one');
    expect(Buffer.from(await firstValueFrom(transport.pipe(take(1)))).toString()).toBe('one');
    stream.write('two');
    await after(10);
    stream.end();
    expect(await bytesOf(transport)).toBe('two');
    expect(stream.destroyed || stream.readableEnded).toBeTrue();
  });

  it('fails once, typed, and leaves no listener that counts', async () => {
    const stream = new PassThrough();
    const transport = nodeDuplex(stream);
    const errors: unknown[] = [];
    transport.subscribe({ error: error => errors.push(error) });
    stream.destroy(new Error('broken'));
    await after(10);
    expect(errors).toEqual([jasmine.any(TransportFailedError)]);
    expect(stream.listenerCount('data')).toBe(0);
    expect(stream.listenerCount('end') + stream.listenerCount('drain')).toBeLessThanOrEqual(1);
    const late: unknown[] = [];
    transport.subscribe({ error: error => late.push(error) });
    expect(late).toEqual(errors);
  });
});
