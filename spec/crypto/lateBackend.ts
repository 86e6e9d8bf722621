import type { CryptoBackend } from '../../lib/crypto/CryptoBackend.js';

/** A backend that is loaded by the time it is used: suites take theirs when specs are described, and loading is later. */
export function lateBackend<T extends CryptoBackend>(loaded: () => T): T {
  return new Proxy({} as T, {
    get(_, name) {
      const backend = loaded();
      const member: unknown = Reflect.get(backend, name, backend);
      return typeof member === 'function' ? (member.bind(backend) as unknown) : member;
    },
  });
}
