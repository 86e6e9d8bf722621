// The specs that run in a browser: all of them but those that need Node.
interface RequireContext {
  keys(): string[];
  (path: string): unknown;
}
declare const require: {
  context(directory: string, deep: boolean, filter: RegExp): RequireContext;
};

const specs = require.context('.', true, /^\.\/(?!node\/|interop\/|package\/).*-spec\.ts$/);
specs.keys().forEach(path => specs(path));
