/** Draw a digit; what it is read as stands below when the pen is lifted. The model runs in the browser alone. */
'use client';

import { createRecognizer } from '@denary/runtime-web';
import { useEffect, useRef, useState } from 'react';

export default function Page() {
  const canvas = useRef(null);
  const recognizer = useRef(null);
  const [said, say] = useState('Loading');

  useEffect(() => {
    const created = createRecognizer();
    recognizer.current = created;
    const tell = ({ info: { model, device, threads } }) =>
      say(`Draw a digit. (${model} on ${device}, threads: ${threads})`);
    created.then(tell, ({ message }) => say(message));
    return () =>
      created.then(
        (one) => one.close(),
        () => {},
      );
  }, []);

  const pen = () =>
    Object.assign(canvas.current.getContext('2d'), { lineWidth: 20, lineCap: 'round', lineJoin: 'round' });
  const down = ({ nativeEvent: { offsetX, offsetY } }) => {
    pen().beginPath();
    pen().moveTo(offsetX, offsetY);
  };
  const move = ({ buttons, nativeEvent: { offsetX, offsetY } }) => {
    if (!buttons) return;
    pen().lineTo(offsetX, offsetY);
    pen().stroke();
  };
  const up = async () => {
    const { digit, confidence } = await (await recognizer.current).predict(canvas.current);
    say(digit === null ? 'Draw a digit.' : `${digit} (${Math.round(confidence * 100)}%)`);
  };
  const clear = () => pen().clearRect(0, 0, 280, 280);
  const handlers = { onPointerDown: down, onPointerMove: move, onPointerUp: up };
  const style = { border: '1px solid', touchAction: 'none' };
  return (
    <>
      <canvas ref={canvas} width={280} height={280} style={style} {...handlers} />
      <p>
        <button type="button" onClick={clear}>
          Clear
        </button>{' '}
        <output>{said}</output>
      </p>
    </>
  );
}
