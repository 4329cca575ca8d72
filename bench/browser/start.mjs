/** Runs in the page: one drawing recognised as soon as can be, more after it, and how long the main thread was blocked. */
import { createRecognizer } from '/denary/denary.js';

const blocks = [];
const observer = new PerformanceObserver((list) => blocks.push(...list.getEntries()));
observer.observe({ type: 'longtask', buffered: true });

const canvas = document.querySelector('canvas');
const pen = canvas.getContext('2d');
Object.assign(pen, { lineWidth: 20, lineCap: 'round', lineJoin: 'round' });
for (const [x, y] of [
  [80, 70],
  [200, 70],
  [130, 220],
]) {
  pen.lineTo(x, y);
}
pen.stroke();

const recognizer = await createRecognizer();
const { digit } = await recognizer.predict(canvas);
// Since the navigation began.
const milliseconds = performance.now();
for (let i = 0; i < 20; i++) await recognizer.predict(canvas);
await recognizer.predict(Array.from({ length: 100 }, () => canvas));
// Observers are told of a task when it has ended.
await new Promise((resolve) => setTimeout(resolve, 100));
globalThis.measured = { digit, milliseconds, longest: Math.max(0, ...blocks.map(({ duration }) => duration)) };
