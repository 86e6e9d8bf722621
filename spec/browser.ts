// The specs that run in a browser: all of them but those that need Node.
import { patienceMs } from './support/patience.js';

declare global {
  interface ImportMeta {
    webpackContext(
      directory: string,
      options: { recursive: boolean; regExp: RegExp },
    ): { keys(): string[]; (path: string): unknown };
  }
}

// As support/timeout.ts does it in Node; imported for its effect alone it would be left out, for the package says that it has none.
jasmine.DEFAULT_TIMEOUT_INTERVAL = 2 * patienceMs;

const specs = import.meta.webpackContext('.', {
  recursive: true,
  regExp: /^\.\/(?!node\/|interop\/|package\/).*-spec\.ts$/,
});
specs.keys().forEach(path => specs(path));
