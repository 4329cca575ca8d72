/** The camera's picture, frame after frame while it is open: never more than one at a time, and no faster than the screen. */

import { pixelsOf } from './images.js';

/** A side of what is read, in pixels: enough for a line of digits. */
const MOST = 640;

/** Shows the camera in the video; the function that it gives ends it. Rejects where there is no camera, or none allowed. */
export async function openCamera(
  video: HTMLVideoElement,
  take: (picture: ImageData) => Promise<void>,
): Promise<() => void> {
  const stream = await navigator.mediaDevices.getUserMedia({
    video: { facingMode: 'environment', width: { ideal: 1280 }, height: { ideal: 720 } },
  });
  video.srcObject = stream;
  await video.play();
  let open = true;
  const next = () => new Promise((resolve) => requestAnimationFrame(resolve));
  const follow = async () => {
    while (open) {
      const picture = await pixelsOf(video, MOST, visiblePart(video)).catch(() => undefined);
      if (open && picture) await take(picture);
      await next();
    }
  };
  void follow();
  return () => {
    open = false;
    for (const track of stream.getTracks()) track.stop();
    video.srcObject = null;
  };
}

/** What `object-fit: cover` leaves of the frame. */
function visiblePart({ videoWidth, videoHeight, clientWidth, clientHeight }: HTMLVideoElement) {
  const scale = Math.max(clientWidth / videoWidth, clientHeight / videoHeight);
  const [width, height] = [Math.round(clientWidth / scale), Math.round(clientHeight / scale)];
  return { x: Math.round((videoWidth - width) / 2), y: Math.round((videoHeight - height) / 2), width, height };
}
