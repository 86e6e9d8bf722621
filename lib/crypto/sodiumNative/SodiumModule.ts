/**
 * What is used of the package `sodium-native`, which has no types of its own. Outputs come first and are written into; it
 * takes any `Uint8Array`, and throws where libsodium says no.
 *
 * Lengths must be checked before: some of its checks end the process rather than throw.
 *
 * @internal
 */
export interface SodiumModule {
  randombytes_buf(out: Uint8Array): void;
  crypto_generichash(out: Uint8Array, input: Uint8Array, key?: Uint8Array): void;
  crypto_generichash_batch(out: Uint8Array, inputs: readonly Uint8Array[], key?: Uint8Array): void;
  crypto_hash_sha512(out: Uint8Array, input: Uint8Array): void;
  crypto_sign_seed_keypair(publicKey: Uint8Array, secretKey: Uint8Array, seed: Uint8Array): void;
  crypto_sign_detached(signature: Uint8Array, message: Uint8Array, secretKey: Uint8Array): void;
  crypto_sign_verify_detached(signature: Uint8Array, message: Uint8Array, publicKey: Uint8Array): boolean;
  crypto_scalarmult_ed25519_noclamp(out: Uint8Array, scalar: Uint8Array, point: Uint8Array): void;
  crypto_aead_chacha20poly1305_ietf_encrypt(
    sealed: Uint8Array,
    plaintext: Uint8Array,
    associated: Uint8Array | null,
    unused: null,
    nonce: Uint8Array,
    key: Uint8Array,
  ): number;
  crypto_aead_chacha20poly1305_ietf_decrypt(
    plaintext: Uint8Array,
    unused: null,
    sealed: Uint8Array,
    associated: Uint8Array | null,
    nonce: Uint8Array,
    key: Uint8Array,
  ): number;
  readonly crypto_secretstream_xchacha20poly1305_STATEBYTES: number;
  crypto_secretstream_xchacha20poly1305_init_pull(
    state: Uint8Array,
    header: Uint8Array,
    key: Uint8Array,
  ): void;
  crypto_secretstream_xchacha20poly1305_push(
    state: Uint8Array,
    record: Uint8Array,
    plaintext: Uint8Array,
    associated: null,
    tag: number,
  ): number;
  crypto_secretstream_xchacha20poly1305_pull(
    state: Uint8Array,
    plaintext: Uint8Array,
    tag: Uint8Array,
    record: Uint8Array,
    associated: null,
  ): number;
  crypto_secretstream_xchacha20poly1305_rekey(state: Uint8Array): void;
}
