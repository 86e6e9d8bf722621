import type { ServedCore } from './replicate.js';

/** What the specs in a page know of the server beside them. */
export interface ServerFacts {
  /** Its origin, for WebSockets: `ws://127.0.0.1:4321`. */
  readonly webSocketOrigin: string;
  readonly cores: readonly ServedCore[];
}

/** The server that Karma started. */
export function serverFacts(): ServerFacts {
  const { __karma__ } = globalThis as unknown as { __karma__: { config: { server: ServerFacts } } };
  return __karma__.config.server;
}
