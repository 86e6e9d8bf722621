/** The sides in JavaScript, each of which runs in a process of its own. */
export const javascriptSides = ['portable', 'wasm', 'native', 'official'];

/** One of them, or `addon`: ours on the native addon without WASM beside it. */
export async function loadSide(name) {
  if (name === 'official') return (await import('./official.mjs')).official;
  return (await import('./ours.mjs')).ours(name);
}
