/** Draw a digit; what it is read as stands below when the pen is lifted. */
import { createRecognizer } from './denary/denary.js';

const canvas = document.querySelector('canvas');
const output = document.querySelector('output');
const pen = canvas.getContext('2d');
Object.assign(pen, { lineWidth: 20, lineCap: 'round', lineJoin: 'round' });

const recognizer = await createRecognizer();
const { device, threads } = recognizer.info;
output.value = `Draw a digit. (${device}, threads: ${threads})`;

canvas.onpointerdown = ({ pointerId, offsetX, offsetY }) => {
  canvas.setPointerCapture(pointerId);
  pen.beginPath();
  pen.moveTo(offsetX, offsetY);
};
canvas.onpointermove = ({ buttons, offsetX, offsetY }) => {
  if (!buttons) return;
  pen.lineTo(offsetX, offsetY);
  pen.stroke();
};
canvas.onpointerup = async () => {
  const { digit, confidence } = await recognizer.predict(canvas);
  output.value = digit === null ? 'Draw a digit.' : `${digit} (${Math.round(confidence * 100)}%)`;
};
document.querySelector('button').onclick = () => pen.clearRect(0, 0, canvas.width, canvas.height);
