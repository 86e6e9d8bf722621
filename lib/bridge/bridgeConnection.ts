import { asyncScheduler, Observable, Subscription } from 'rxjs';
import { LimitExceededError, TimeoutExceededError, WebSocketClosedError } from '../errors.js';
import { nodeDuplex } from '../transports/nodeDuplex.js';
import type { AcceptedTransport } from '../transports/node/webSocketListen.js';
import { answerOf } from '../transports/node/answerOf.js';
import { relay } from '../transports/relay.js';
import { verifyTimeout } from '../transports/verifyTimeout.js';
import { verifySize } from '../transports/waterMarks.js';
import type { BridgeOptions } from './bridgeCores.js';
import type { BridgeEvent } from './BridgeEvent.js';
import type { Hypercore, HypercoreClass, ProtocolStream } from './Hypercore.js';
import { outerStream } from './outerStream.js';

const POLICY_VIOLATION = 1008;

/** How long a page may take and how much it may ask for. @internal */
export type BridgeBounds = Required<
  Pick<BridgeOptions, 'maxCores' | 'authorizeTimeoutMs' | 'handshakeTimeoutMs' | 'idleTimeoutMs'>
>;

/** @throws RangeError for numbers that make no sense. @internal */
export function verifyBridgeBounds(given: BridgeOptions): BridgeBounds {
  return {
    maxCores: verifySize('maxCores', given.maxCores ?? 1024),
    authorizeTimeoutMs: verifyTimeout('authorizeTimeoutMs', given.authorizeTimeoutMs ?? 10_000),
    handshakeTimeoutMs: verifyTimeout('handshakeTimeoutMs', given.handshakeTimeoutMs ?? 15_000),
    idleTimeoutMs: verifyTimeout('idleTimeoutMs', given.idleTimeoutMs ?? 60_000),
  };
}

/**
 * One page: its bytes go to a protocol stream of the official packages and back. Cores are attached when the page opens
 * them, and not before it was let in.
 *
 * Completes when the connection ended in order, fails with what ended it. Unsubscribing tears it down.
 *
 * @internal
 */
export function bridgeConnection(
  transport: AcceptedTransport,
  connection: number,
  Class: HypercoreClass,
  options: BridgeOptions,
  { maxCores, authorizeTimeoutMs, handshakeTimeoutMs, idleTimeoutMs }: BridgeBounds,
): Observable<BridgeEvent> {
  const { authorize, keyPair, scheduler = asyncScheduler } = options;
  const after = (ms: number, act: () => void): Subscription =>
    ms === 0 ? Subscription.EMPTY : scheduler.schedule(act, ms);
  return new Observable<BridgeEvent>(subscriber => {
    let letIn: (yes: boolean) => void;
    const admitted = new Promise<boolean>(resolve => (letIn = resolve));
    let asked = 0;

    /** The remote opened a channel; protomux refuses it if no core is attached when this is done. */
    const ondiscoverykey = async (discoveryKey: Uint8Array): Promise<void> => {
      if (++asked > maxCores) return subscriber.error(new LimitExceededError('maxCores', maxCores, asked));
      if (!(await admitted)) return;
      const core = await findCore(discoveryKey, options).catch(() => null);
      if (core === null || subscriber.closed || noise.destroying) return;
      core.replicate(noise);
      await noise.opened; // the core's own channel is made right after this promise
      subscriber.next({ type: 'core', connection, discoveryKey });
    };

    const stream = Class.createProtocolStream(false, { ondiscoverykey, keyPair }) as ProtocolStream;
    const noise = stream.noiseStream;
    noise.on('error', (error: Error) => subscriber.error(error));
    noise.setTimeout(idleTimeoutMs);
    let deadline = after(handshakeTimeoutMs, () =>
      subscriber.error(new TimeoutExceededError('handshake', handshakeTimeoutMs)),
    );
    const refuse = (): void => {
      transport.error(new WebSocketClosedError(POLICY_VIOLATION, 'not authorized'));
      subscriber.error(new WebSocketClosedError(POLICY_VIOLATION, 'not authorized'));
    };
    void noise.opened.then(opened => {
      deadline.unsubscribe();
      if (!opened || subscriber.closed) return;
      const { remotePublicKey } = noise;
      deadline = after(authorizeTimeoutMs, refuse);
      subscriber.add(
        answerOf(() => authorize?.(remotePublicKey, transport.request) ?? true).subscribe(yes => {
          deadline.unsubscribe();
          if (!yes) return refuse();
          subscriber.next({ type: 'handshake', connection, remotePublicKey });
          letIn(true);
        }),
      );
    });
    subscriber.add(relay(transport, nodeDuplex(outerStream(stream)), { scheduler }).subscribe(subscriber));
    subscriber.add(() => {
      deadline.unsubscribe();
      letIn(false);
      noise.destroy();
    });
  });
}

async function findCore(discoveryKey: Uint8Array, options: BridgeOptions): Promise<Hypercore | null> {
  for (const core of options.cores ?? []) {
    if (core.discoveryKey === null) await core.ready();
    if (isSame(core.discoveryKey!, discoveryKey)) return core;
  }
  const found = (await options.lookup?.(discoveryKey)) ?? null;
  await found?.ready();
  return found;
}

function isSame(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, index) => byte === b[index]);
}
