/** The sides in JavaScript, which run in a process like this one. `addon` and `portable` are ours on other backends. */
export const javascriptSides = ['portable', 'wasm', 'native', 'official'];

export async function loadSide(name) {
  if (name === 'official') return import('./official.mjs');
  const ours = await import('./ours.mjs');
  await ours.use(name);
  return ours;
}
