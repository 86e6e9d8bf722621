import { Subscription, VirtualTimeScheduler } from 'rxjs';
import { TransportFailedError, WebSocketClosedError } from '../../lib/errors.js';
import type { Transport } from '../../lib/transports/Transport.js';
import { webSocketConnect, type WebSocketConnectOptions } from '../../lib/transports/webSocketConnect.js';
import type { WebSocketLike } from '../../lib/transports/WebSocketTransport.js';
import { fill } from '../helpers/bytes.js';

/** A socket as the standard has it, to which the spec does what a network does. */
class ScriptedSocket extends EventTarget implements WebSocketLike {
  static last: ScriptedSocket;
  binaryType = 'blob';
  readyState = 0;
  bufferedAmount = 0;
  readonly sent: number[] = [];
  readonly closed: (number | string | undefined)[][] = [];

  constructor(
    readonly url: string,
    readonly protocols?: string | string[],
  ) {
    super();
    ScriptedSocket.last = this;
  }

  send(data: Uint8Array<ArrayBuffer>): void {
    this.sent.push(data.length);
    this.bufferedAmount += data.length;
  }

  close(code?: number, reason?: string): void {
    this.closed.push([code, reason]);
  }

  open(): void {
    this.readyState = 1;
    this.dispatchEvent(new Event('open'));
  }

  end(code: number, reason = ''): void {
    this.readyState = 3;
    this.dispatchEvent(Object.assign(new Event('close'), { code, reason }));
  }
}

describe('webSocketConnect, with a socket of its own', () => {
  let dialling = Subscription.EMPTY;
  afterEach(() => dialling.unsubscribe());

  /** Dials, and tells what became of the attempt and of the transport. */
  function dial(options: WebSocketConnectOptions = {}) {
    const outcome: unknown[] = [];
    const transports: Transport[] = [];
    dialling = webSocketConnect('ws://host/cores', { WebSocket: ScriptedSocket, ...options }).subscribe({
      next: transport => void transports.push(transport),
      error: (error: unknown) => outcome.push(error),
      complete: () => outcome.push('complete'),
    });
    return { socket: ScriptedSocket.last, outcome, transports };
  }

  it('makes it for an address and subprotocols, and wants bytes before it opens', () => {
    const { socket, transports } = dial({ protocols: ['one', 'two'] });
    expect([socket.url, socket.protocols, socket.readyState]).toEqual(['ws://host/cores', ['one', 'two'], 0]);
    expect(socket.binaryType).toBe('arraybuffer');
    expect(transports.length).toBe(0);
    socket.open();
    expect(transports.length).toBe(1);
    const received: number[] = [];
    transports[0].subscribe(chunk => received.push(...chunk));
    socket.dispatchEvent(new MessageEvent('message', { data: Uint8Array.of(1, 2).buffer }));
    expect(received).toEqual([1, 2]);
  });

  it('honours bufferedAmount: no more at the high water mark, more again at the low one', () => {
    const scheduler = new VirtualTimeScheduler();
    const { socket, transports } = dial({
      scheduler,
      connectTimeoutMs: 0,
      maxMessageBytes: 400,
      highWaterMarkBytes: 1000,
      lowWaterMarkBytes: 100,
    });
    socket.open();
    const [transport] = transports;
    const writable: boolean[] = [];
    transport.writable!.subscribe(value => writable.push(value));
    const wait = (ms: number): void => {
      scheduler.maxFrames = scheduler.frame + ms;
      scheduler.flush();
    };
    transport.next(fill(999, 1));
    expect({ sent: socket.sent, queued: transport.queuedBytes, writable }).toEqual({
      sent: [400, 400, 199],
      queued: 999,
      writable: [true],
    });
    transport.next(fill(1, 1));
    expect(writable).toEqual([true, false]);
    socket.bufferedAmount = 101;
    wait(50);
    expect(writable).toEqual([true, false]);
    socket.bufferedAmount = 100;
    wait(50);
    expect(writable).toEqual([true, false, true]);
    expect(scheduler.actions.length).withContext('nobody looks while there is room').toBe(0);
    transport.next(fill(1000, 1));
    expect(scheduler.actions.length).toBe(1);
    socket.end(1006);
    expect(scheduler.actions.length).toBe(0);
  });

  it('tells what a close code says, and takes 1000, 1001 and none for an end in order', () => {
    for (const code of [1000, 1001, 1005, 1002, 1006, 1008, 1011, 3000, 4401]) {
      const { socket, transports, outcome } = dial();
      socket.open();
      const ends: unknown[] = [];
      transports[0].subscribe({
        error: (error: unknown) => ends.push(error),
        complete: () => ends.push('complete'),
      });
      socket.end(code, 'why');
      const inOrder = [1000, 1001, 1005].includes(code);
      expect(ends)
        .withContext(String(code))
        .toEqual([inOrder ? 'complete' : new WebSocketClosedError(code, 'why')]);
      expect(outcome).toEqual(['complete']);
    }
  });

  it('says no more than a browser does of a socket that never opened, and what a server said', () => {
    for (const [code, error] of [
      [1006, new TransportFailedError()],
      [1013, new WebSocketClosedError(1013, '')],
    ] as const) {
      const { socket, outcome } = dial();
      socket.dispatchEvent(new Event('error'));
      socket.end(code);
      expect(outcome).toEqual([error]);
    }
  });

  it('closes with codes that a page may use', () => {
    const closings: [(transport: Transport) => void, unknown[]][] = [
      [transport => transport.complete(), [1000, undefined]],
      [transport => transport.error(new WebSocketClosedError(4401, 'log in')), [4401, 'log in']],
      [transport => transport.error(new WebSocketClosedError(1011, 'broken')), [4000, 'broken']],
      [transport => transport.error(new TransportFailedError()), [4000, 'ERR_TRANSPORT_FAILED']],
      [transport => transport.error(new Error('something private')), [4000, '']],
    ];
    for (const [close, closed] of closings) {
      const { socket, transports } = dial();
      socket.open();
      close(transports[0]);
      expect(socket.closed).toEqual([closed as (number | string | undefined)[]]);
    }
  });
});
