/**
 * What a page without a bundler imports: `rx-hypercore`, `rx-hypercore/log` and rxjs in a single file,
 * `dist/rx-hypercore.js`, that imports nothing and can be served from anywhere.
 *
 * ```html
 * <script type="module">
 *   import { createPeer, hypercoreProtocol, replicate, rxjs, webSocketConnect } from './rx-hypercore.js';
 * </script>
 * ```
 *
 * rxjs is in it as `rxjs`, so that a page has the operators that belong to these Observables. An application with a
 * bundler takes `rx-hypercore` and `rx-hypercore/log` instead: this file would bring it a second rxjs.
 *
 * @packageDocumentation
 */

export * from './index.js';
export * from './log/index.js';
export * as rxjs from 'rxjs';
