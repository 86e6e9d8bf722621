import type { IncomingMessage } from 'node:http';

/** Which pages may connect: those of these origins (`https://example.com`), or what a function says. @public */
export type Origins = readonly string[] | ((origin: string, request: IncomingMessage) => boolean);

/**
 * Whether the page that asks for a connection may have one. Browsers send the header and pages cannot forge it; whoever
 * is not a browser can send what he likes, or nothing, and so is let through: the authorizers are for them.
 *
 * Without a list it is the pages of the same host. On a loopback address the host must be one of its own names, or a page
 * could have its own name resolve to it (DNS rebinding).
 *
 * @internal
 */
export function originAllowed(request: IncomingMessage, origins: Origins | undefined): boolean {
  const { origin, host } = request.headers;
  if (origin === undefined) return true;
  if (typeof origins === 'function') return origins(origin, request);
  if (origins !== undefined) return origins.includes(origin);
  if (host === undefined) return false;
  try {
    const from = new URL(origin);
    return from.host === host && (!isLoopback(request.socket.localAddress) || isLoopbackName(from.hostname));
  } catch {
    return false; // `null`, which sandboxed frames and files send
  }
}

function isLoopback(address: string | undefined): boolean {
  return address === undefined || /^(::1$|(::ffff:)?127\.)/.test(address);
}

function isLoopbackName(name: string): boolean {
  return (
    name === 'localhost' || name.endsWith('.localhost') || name === '[::1]' || /^127\.[\d.]+$/.test(name)
  );
}
