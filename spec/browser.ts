// The specs that run in a browser: all of them but those that need Node.
import './support/timeout.js';

declare global {
  interface ImportMeta {
    webpackContext(
      directory: string,
      options: { recursive: boolean; regExp: RegExp },
    ): { keys(): string[]; (path: string): unknown };
  }
}

const specs = import.meta.webpackContext('.', {
  recursive: true,
  regExp: /^\.\/(?!node\/|interop\/|package\/).*-spec\.ts$/,
});
specs.keys().forEach(path => specs(path));
