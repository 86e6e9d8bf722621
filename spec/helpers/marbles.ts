import { TestScheduler, type RunHelpers } from 'rxjs/testing';

/**
 * Reduces a value to what a spec means to compare: bytes to plain hex (a view, a copy and a Buffer are the same bytes),
 * errors to name, code, facts and message (two error classes with the same text are not equal).
 */
export function comparable(value: unknown): unknown {
  if (value instanceof Uint8Array)
    return `bytes:${[...value].map(byte => byte.toString(16).padStart(2, '0')).join('')}`;
  if (value instanceof Error) {
    const facts: Record<string, unknown> = { name: value.name, message: value.message };
    for (const [key, fact] of Object.entries(value)) facts[key] = comparable(fact);
    if (value.cause !== undefined) facts['cause'] = comparable(value.cause);
    return facts;
  }
  if (Array.isArray(value)) return value.map(comparable);
  if (typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype) {
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, comparable(inner)]));
  }
  return value;
}

/** Runs a marble test; every comparison goes through {@link comparable}. */
export function marbles(test: (helpers: RunHelpers) => void): void {
  let comparisons = 0;
  new TestScheduler((actual, expected) => {
    comparisons++;
    expect(comparable(actual)).toEqual(comparable(expected));
  }).run(helpers => {
    test(helpers);
    helpers.flush();
  });
  if (comparisons === 0) throw new Error('a marble test must expect something');
}
