// A harmonograph: two damped pendulums move a pen. What it draws is written to a core, a stretch of the line per block.

/** Blocks that one figure takes; then the pendulums are pushed anew. */
export const BLOCKS_PER_FIGURE = 400;
const POINTS_PER_BLOCK = 12;
const RADIANS_PER_POINT = 0.06;

/** How fast the two pendulums swing: ratios of small numbers close into figures. */
const ratios = [
  [3, 2],
  [5, 3],
  [4, 3],
  [2, 1],
  [5, 4],
  [7, 4],
  [3, 1],
  [8, 5],
];

/** A number from 0 to 1 that always is the same for the same seed. */
function chance(seed) {
  const x = Math.sin(seed * 12.9898) * 43758.5453;
  return x - Math.floor(x);
}

/** Where the pen is, in thousandths of the sheet's half width. */
function pen({ a, b, detune, phase, damping }, t) {
  const swing = Math.exp(-damping * t);
  const turn = 0.00035 * t; // the paper turns a little under the pen
  const x = swing * (0.72 * Math.sin(a * t + phase) + 0.24 * Math.sin(b * t * (1 + detune)));
  const y = swing * (0.72 * Math.sin(b * t * (1 + detune) + phase / 2) + 0.24 * Math.cos(a * t));
  const point = [x * Math.cos(turn) - y * Math.sin(turn), x * Math.sin(turn) + y * Math.cos(turn)];
  return point.map(value => Math.round(value * 1000));
}

function figureOf(number) {
  const [a, b] = ratios[number % ratios.length];
  return {
    a,
    b,
    detune: 0.0012 + 0.0022 * chance(number + 1),
    phase: Math.PI * (0.2 + 0.6 * chance(number + 7)),
    damping: 0.0045 + 0.0016 * chance(number + 3),
  };
}

/** The block of that index: a stretch of a figure, as JSON. It begins where the block before it ended. */
export function strokeAt(index) {
  const number = Math.floor(index / BLOCKS_PER_FIGURE);
  const at = index % BLOCKS_PER_FIGURE;
  const figure = figureOf(number);
  const points = [];
  for (let i = 0; i <= POINTS_PER_BLOCK; i++) {
    points.push(...pen(figure, (at * POINTS_PER_BLOCK + i) * RADIANS_PER_POINT));
  }
  const swing = Math.exp(-figure.damping * at * POINTS_PER_BLOCK * RADIANS_PER_POINT);
  return JSON.stringify({
    figure: number + 1,
    of: `${figure.a}:${figure.b}`,
    at,
    swing: Number(swing.toFixed(3)),
    points,
  });
}
