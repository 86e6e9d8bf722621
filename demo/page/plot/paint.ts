/** A canvas fitted to its size on the screen, and the colours that the style sheet gives it. */
export interface Sheet {
  readonly context: CanvasRenderingContext2D;
  readonly width: number;
  readonly height: number;
  /** Of the element: `color`, `caret-color`, `text-decoration-color` carry what the theme says. */
  readonly ink: string;
  readonly accent: string;
  readonly faint: string;
}

/** Prepares a canvas for a fresh picture; null while it has no size. */
export function cleanSheet(canvas: HTMLCanvasElement): Sheet | null {
  const { clientWidth: width, clientHeight: height } = canvas;
  const context = canvas.getContext('2d');
  if (width === 0 || height === 0 || context === null) return null;
  const ratio = Math.min(window.devicePixelRatio, 3);
  if (canvas.width !== Math.round(width * ratio) || canvas.height !== Math.round(height * ratio)) {
    canvas.width = Math.round(width * ratio);
    canvas.height = Math.round(height * ratio);
  }
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, width, height);
  const { color, caretColor, textDecorationColor } = getComputedStyle(canvas);
  return { context, width, height, ink: color, accent: caretColor, faint: textDecorationColor };
}

/** Draws a stretch of a line into a square around the middle of the sheet: a smooth curve through all its points. */
export function drawLine({ context, width, height }: Sheet, points: readonly number[], margin: number): void {
  const scale = (Math.min(width, height) / 2 - margin) / 1000;
  const x = (at: number): number => width / 2 + at * scale;
  const y = (at: number): number => height / 2 + at * scale;
  context.beginPath();
  context.moveTo(x(points[0]), y(points[1]));
  for (let i = 0; i + 3 < points.length; i += 2) {
    context.bezierCurveTo(
      x(points[i] + slopeAt(points, i) / 3),
      y(points[i + 1] + slopeAt(points, i + 1) / 3),
      x(points[i + 2] - slopeAt(points, i + 2) / 3),
      y(points[i + 3] - slopeAt(points, i + 3) / 3),
      x(points[i + 2]),
      y(points[i + 3]),
    );
  }
  context.stroke();
}

/** How fast one coordinate changes there, judged by its neighbours: at an end by two, so that stretches join smoothly. */
function slopeAt(points: readonly number[], i: number): number {
  const [before, after] = [points[i - 2], points[i + 2]];
  if (before === undefined) return 2 * after - (3 * points[i] + (points[i + 4] ?? 2 * after - points[i])) / 2;
  if (after === undefined)
    return (3 * points[i] + (points[i - 4] ?? 2 * before - points[i])) / 2 - 2 * before;
  return (after - before) / 2;
}

/** Calls back when the size of an element changes; returns what ends that. */
export function onResize(element: Element, callback: () => void): () => void {
  const observer = new ResizeObserver(callback);
  observer.observe(element);
  return () => observer.disconnect();
}
