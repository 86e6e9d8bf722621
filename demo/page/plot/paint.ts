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

/** Draws a stretch of a line into a square around the middle of the sheet. */
export function drawLine({ context, width, height }: Sheet, points: readonly number[], margin: number): void {
  const scale = (Math.min(width, height) / 2 - margin) / 1000;
  context.beginPath();
  for (let i = 0; i + 1 < points.length; i += 2) {
    context.lineTo(width / 2 + points[i] * scale, height / 2 + points[i + 1] * scale);
  }
  context.stroke();
}

/** Calls back when the size of an element changes; returns what ends that. */
export function onResize(element: Element, callback: () => void): () => void {
  const observer = new ResizeObserver(callback);
  observer.observe(element);
  return () => observer.disconnect();
}
