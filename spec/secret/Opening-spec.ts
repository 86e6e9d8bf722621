import { portableCrypto as crypto } from '../../lib/crypto/portable/portable.js';
import type { ForeignProtocolError } from '../../lib/errors.js';
import { FrameTooLargeError, type HypercoreError, TimeoutExceededError } from '../../lib/errors.js';
import { encodeFrame } from '../../lib/framing/encodeFrame.js';
import { keyPairFromSeed } from '../../lib/keys/keyPair.js';
import { SecureState } from '../../lib/secret/SecureState.js';
import { ascii, concat, fill, unhex } from '../helpers/bytes.js';

/** What real peers send first: `hypercore-protocol` 6.12.0 (Hypercore 7), and 8.0.7 (Hypercore 9) in both roles. */
const recorded = {
  version6:
    '3d000a20592eb5812ebff59c05049b32ce80cba9ffb8ce08268bdc97efb226e9111891411218015adfbadc6ebf8b2231c90285e0449f53e4d3e396b23d38',
  version8:
    '3a2c24b96daafb92ac18f48d991b9713ca32082c779c3bb223cac4bea4bdcc77110a18a6889423fb4ee310509f2cb20b70b4a0ae54fb360a8c4248',
  answer8:
    '7a03529844f324e39421be1a0d20ecbc1bafd2b3c7785a05784198bb1c5871ce31fafe93b2c754fd59e4d57eac48f1303fed71e5c19174d37c3da658e2f35179ad6292b9e62975d1d985256d742736e389eba6f1d6037d3e8b72cf3db1fae514bb951ef26f410d38d3e0e81b0e333d1f68b2e9552c66724df0cf25',
};

interface Side {
  readonly initiator?: boolean;
  readonly pattern?: 'XX' | 'IK';
}

/** What a state makes of a remote that sends these bytes and then ends. */
function met(bytes: Uint8Array, { initiator = false, pattern = 'XX' }: Side = {}): HypercoreError | null {
  const state = new SecureState(
    {
      crypto,
      initiator,
      pattern,
      ...(pattern === 'IK' && { remotePublicKey: keyPairFromSeed(crypto, fill(32, 1)).publicKey }),
    },
    {
      send: () => undefined,
      authorize: () => undefined,
      session: () => undefined,
      ready: () => undefined,
      payload: () => undefined,
    },
  );
  try {
    state.start();
    state.receive(bytes);
  } catch (error) {
    return error as HypercoreError;
  }
  return state.end();
}

const named = (error: HypercoreError | null): string => {
  const { code, speaks } = error as ForeignProtocolError;
  return speaks === undefined ? code : `${code} ${speaks}`;
};

describe('a remote that speaks something else', () => {
  it('is named: Hypercore 9 and older, in either role', () => {
    expect(named(met(unhex(recorded.version6)))).toBe('ERR_FOREIGN_PROTOCOL hypercore-9');
    expect(named(met(unhex(recorded.version8)))).toBe('ERR_FOREIGN_PROTOCOL hypercore-9');
    expect(named(met(unhex(recorded.answer8), { initiator: true }))).toBe('ERR_FOREIGN_PROTOCOL hypercore-9');
    // A responder sends nothing first, so as a first message it is none of Hypercore 9.
    expect(named(met(unhex(recorded.answer8)))).toBe('ERR_FRAME_TOO_LARGE');
  });

  it('is named also where its bytes look like the start of a frame, when that frame does not come', () => {
    const bytes = unhex(recorded.version8);
    bytes[1] = 200;
    bytes[2] = 0; // the length of a frame of 51,258 bytes
    expect(named(met(bytes))).toBe('ERR_FOREIGN_PROTOCOL hypercore-9');
  });

  it('is named: HTTP, TLS, SSH', () => {
    for (const [start, speaks] of [
      ['GET / HTTP/1.1\r\n\r\n', 'http'],
      ['HTTP/1.1 400 Bad Request\r\n', 'http'],
      ['SSH-2.0-OpenSSH_9.2\r\n', 'ssh'],
    ]) {
      expect(named(met(ascii(start)))).toBe(`ERR_FOREIGN_PROTOCOL ${speaks}`);
    }
    expect(named(met(concat(unhex('16030100f0'), fill(20, 1))))).toBe('ERR_FOREIGN_PROTOCOL tls');
    // An alert (RFC 8446 section 6): fatal, protocol version.
    expect(named(met(unhex('15030100020246'), { initiator: true }))).toBe('ERR_FOREIGN_PROTOCOL tls');
  });

  it('is named: another pattern, or the same role', () => {
    const { publicKey } = keyPairFromSeed(crypto, fill(32, 2));
    // An initiator of IK sends 96 bytes, which begin with a key; XX takes what follows for a payload.
    const ik = concat(publicKey, fill(64, 1));
    expect(named(met(encodeFrame(ik)))).toBe('ERR_FOREIGN_PROTOCOL noise-ik');
    expect(named(met(encodeFrame(publicKey), { pattern: 'IK' }))).toBe('ERR_FOREIGN_PROTOCOL noise-xx');
    const mirrored = met(encodeFrame(publicKey), { initiator: true });
    expect(named(mirrored)).toBe('ERR_FOREIGN_PROTOCOL same-role');
    expect((mirrored?.cause as HypercoreError).code).toBe('ERR_HANDSHAKE_FAILED');
    expect(named(met(unhex('200000'), { initiator: true }))).toBe('ERR_FOREIGN_PROTOCOL same-role');
    expect(named(met(unhex('600000'), { initiator: true, pattern: 'IK' }))).toBe(
      'ERR_FOREIGN_PROTOCOL same-role',
    );
  });

  it('keeps how that showed as the cause', () => {
    expect(met(unhex(recorded.version8))?.cause).toBeInstanceOf(FrameTooLargeError);
  });

  it('is not guessed at where its bytes tell nothing, or there are none', () => {
    expect(named(met(new Uint8Array(0)))).toBe('ERR_TRANSPORT_CLOSED');
    expect(met(new Uint8Array(0))?.message).toContain('during the handshake');
    expect(named(met(unhex('200000')))).toBe('ERR_FRAME_TRUNCATED');
    expect(named(met(unhex('16')))).toBe('ERR_FRAME_TRUNCATED');
    expect(named(met(fill(100, 0xee)))).toBe('ERR_FRAME_TOO_LARGE');
    expect(named(met(unhex('000000')))).toBe('ERR_FRAME_EMPTY');
  });

  it('is named at a timeout too, and in pieces of any size', () => {
    const state = new SecureState(
      { crypto, initiator: false, limits: { maxHandshakeFrameBytes: 0xffff } },
      {
        send: () => undefined,
        authorize: () => undefined,
        session: () => undefined,
        ready: () => undefined,
        payload: () => undefined,
      },
    );
    state.start();
    const bytes = unhex(recorded.version8);
    bytes[2] = 0;
    for (const byte of bytes) state.receive(Uint8Array.of(byte));
    const timeout = new TimeoutExceededError('handshake', 1);
    expect(named(state.explain(timeout) as HypercoreError)).toBe('ERR_FOREIGN_PROTOCOL hypercore-9');
    state.wipe();
    expect(state.explain(timeout)).toBe(timeout);
    const other = new Error('other');
    expect(state.explain(other)).toBe(other);
  });
});
