/**
 * What is used of libsodium's own functions, as Emscripten exports them: addresses are numbers, a 64-bit length is two
 * 32-bit ones (low, high), and 0 says that it went well.
 *
 * @internal
 */
export interface LibsodiumModule {
  /** The whole memory; a new array each time it has grown. */
  readonly HEAPU8: Uint8Array;
  _malloc(bytes: number): number;
  _free(address: number): void;
  _crypto_generichash(
    out: number,
    outBytes: number,
    input: number,
    inputBytes: number,
    inputBytesHigh: number,
    key: number,
    keyBytes: number,
  ): number;
  _crypto_generichash_statebytes(): number;
  _crypto_generichash_init(state: number, key: number, keyBytes: number, outBytes: number): number;
  _crypto_generichash_update(
    state: number,
    input: number,
    inputBytes: number,
    inputBytesHigh: number,
  ): number;
  _crypto_generichash_final(state: number, out: number, outBytes: number): number;
  _crypto_hash_sha512(out: number, input: number, inputBytes: number, inputBytesHigh: number): number;
  _crypto_sign_seed_keypair(publicKey: number, secretKey: number, seed: number): number;
  _crypto_sign_detached(
    signature: number,
    signatureBytesOut: number,
    message: number,
    messageBytes: number,
    messageBytesHigh: number,
    secretKey: number,
  ): number;
  _crypto_sign_verify_detached(
    signature: number,
    message: number,
    messageBytes: number,
    messageBytesHigh: number,
    publicKey: number,
  ): number;
  _crypto_scalarmult_ed25519_noclamp(out: number, scalar: number, point: number): number;
  _crypto_aead_chacha20poly1305_ietf_encrypt(
    sealed: number,
    sealedBytesOut: number,
    plaintext: number,
    plaintextBytes: number,
    plaintextBytesHigh: number,
    associated: number,
    associatedBytes: number,
    associatedBytesHigh: number,
    unused: number,
    nonce: number,
    key: number,
  ): number;
  _crypto_aead_chacha20poly1305_ietf_decrypt(
    plaintext: number,
    plaintextBytesOut: number,
    unused: number,
    sealed: number,
    sealedBytes: number,
    sealedBytesHigh: number,
    associated: number,
    associatedBytes: number,
    associatedBytesHigh: number,
    nonce: number,
    key: number,
  ): number;
  _crypto_secretstream_xchacha20poly1305_statebytes(): number;
  _crypto_secretstream_xchacha20poly1305_init_pull(state: number, header: number, key: number): number;
  _crypto_secretstream_xchacha20poly1305_push(
    state: number,
    record: number,
    recordBytesOut: number,
    plaintext: number,
    plaintextBytes: number,
    plaintextBytesHigh: number,
    associated: number,
    associatedBytes: number,
    associatedBytesHigh: number,
    tag: number,
  ): number;
  _crypto_secretstream_xchacha20poly1305_pull(
    state: number,
    plaintext: number,
    plaintextBytesOut: number,
    tagOut: number,
    record: number,
    recordBytes: number,
    recordBytesHigh: number,
    associated: number,
    associatedBytes: number,
    associatedBytesHigh: number,
  ): number;
  _crypto_secretstream_xchacha20poly1305_rekey(state: number): void;
}

/** What the package `libsodium-wrappers-sumo` exports, as far as it is used. @internal */
export interface LibsodiumWrappers {
  readonly ready: PromiseLike<void>;
  /** There once {@link LibsodiumWrappers.ready} is settled. */
  readonly libsodium: LibsodiumModule;
}
