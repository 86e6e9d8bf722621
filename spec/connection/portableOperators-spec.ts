import { concatMap, firstValueFrom, from, lastValueFrom, of, switchMap, toArray } from 'rxjs';
import { decrypt, encrypt, secure } from '../../lib/connection/portableOperators.js';
import { portableCrypto } from '../../lib/crypto/portable/portable.js';
import { decodeFrames } from '../../lib/framing/decodeFrames.js';
import { encodeFrames } from '../../lib/framing/encodeFrames.js';
import { decodeMessages } from '../../lib/messages/decodeMessages.js';
import { encodeMessages } from '../../lib/messages/encodeMessages.js';
import { range } from '../../lib/messages/range.js';
import { want } from '../../lib/messages/want.js';
import { decodePackets } from '../../lib/mux/decodePackets.js';
import { encodePackets } from '../../lib/mux/encodePackets.js';
import type { SessionKeys } from '../../lib/secret/Session.js';
import { memoryPair } from '../../lib/transports/memoryPair.js';
import { ascii, concat, fill } from '../helpers/bytes.js';

const [publicKey, remotePublicKey] = [fill(32, 1), fill(32, 2)];
const handshakeHash = fill(64, 5);
const here: SessionKeys = {
  initiator: true,
  publicKey,
  remotePublicKey,
  handshakeHash,
  tx: fill(32, 3),
  rx: fill(32, 4),
};
const there: SessionKeys = {
  initiator: false,
  publicKey: remotePublicKey,
  remotePublicKey: publicKey,
  handshakeHash,
  tx: fill(32, 4),
  rx: fill(32, 3),
};

describe('the operators of the front door', () => {
  it('make the whole road by hand, without naming a backend', async () => {
    const messages = [
      want({ start: 0, length: 1 }),
      range({ start: 7 }),
      want({ start: 9, length: 32, any: true }),
    ];
    const chunks = await lastValueFrom(
      from(messages).pipe(encodeMessages(), encodePackets(), encrypt(here), encodeFrames(), toArray()),
    );
    for (const cut of [[concat(...chunks)], [...concat(...chunks)].map(byte => Uint8Array.of(byte))]) {
      const road = from(cut).pipe(
        decodeFrames(),
        decrypt(there),
        decodePackets(),
        decodeMessages(),
        toArray(),
      );
      expect(await lastValueFrom(road)).toEqual(messages);
    }
  });

  it('take a backend where one is named', async () => {
    let hashes = 0;
    const crypto = {
      ...portableCrypto,
      hash: (...given: Parameters<typeof portableCrypto.hash>) => {
        hashes++;
        return portableCrypto.hash(...given);
      },
    };
    const bodies = of(ascii('hello')).pipe(encrypt(here, { crypto }), decrypt(there, { crypto }));
    expect(await firstValueFrom(bodies)).toEqual(ascii('hello'));
    expect(hashes).toBe(2); // the stream id of each side
  });

  it('secure a transport', async () => {
    const [a, b] = memoryPair();
    const hello = firstValueFrom(
      of(b).pipe(
        secure({ initiator: false }),
        switchMap(link => link),
      ),
    );
    const sending = of(a)
      .pipe(
        secure({ initiator: true }),
        concatMap(link => {
          link.next(ascii('hello'));
          return link;
        }),
      )
      .subscribe({ error: () => undefined });
    expect(await hello).toEqual(ascii('hello'));
    sending.unsubscribe();
  });
});
