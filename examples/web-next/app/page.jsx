/** Draw a digit; what it is read as stands below when the pen is lifted. The model runs in the browser alone. */
'use client';

import { createRecognizer } from '@denary/runtime-web';
import { useEffect, useRef, useState } from 'react';

export default function Page() {
  const canvas = useRef(null);
  const recognizer = useRef(null);
  const [said, say] = useState('Loading');

  useEffect(() => {
    recognizer.current = createRecognizer();
    recognizer.current.then(
      ({ info: { device, threads } }) => say(`Draw a digit. (${device}, threads: ${threads})`),
      ({ message }) => say(message),
    );
    return () => recognizer.current.then((created) => created.close());
  }, []);

  const draw = ({ type, buttons, nativeEvent: { offsetX, offsetY } }) => {
    const pen = Object.assign(canvas.current.getContext('2d'), { lineWidth: 20, lineCap: 'round', lineJoin: 'round' });
    if (type === 'pointerdown') pen.beginPath();
    if (buttons) pen.lineTo(offsetX, offsetY);
    if (buttons) pen.stroke();
  };
  const read = async () => {
    const { digit, confidence } = await (await recognizer.current).predict(canvas.current);
    say(digit === null ? 'Draw a digit.' : `${digit} (${Math.round(confidence * 100)}%)`);
  };
  const [size, style] = [
    { width: 280, height: 280 },
    { border: '1px solid', touchAction: 'none' },
  ];
  return (
    <>
      <canvas ref={canvas} {...size} style={style} onPointerDown={draw} onPointerMove={draw} onPointerUp={read} />
      <output>{said}</output>
    </>
  );
}
