/** Images from elsewhere: opened, pasted, or dropped on the page. */

import { byId } from './dom.js';

export function onImage(take: (file: Blob) => void): void {
  const input = byId<HTMLInputElement>('file');
  const takeFrom = (files: FileList | undefined) => {
    const file = [...(files ?? [])].find(({ type }) => type.startsWith('image/'));
    if (file) take(file);
    return file !== undefined;
  };
  input.addEventListener('change', () => {
    takeFrom(input.files ?? undefined);
    // So that the same file can be chosen again.
    input.value = '';
  });
  document.addEventListener('paste', (event) => {
    if (takeFrom(event.clipboardData?.files)) event.preventDefault();
  });

  const dropping = (is: boolean) => document.body.classList.toggle('dropping', is);
  document.addEventListener('dragover', (event) => {
    if (!event.dataTransfer?.types.includes('Files')) return;
    event.preventDefault();
    dropping(true);
  });
  document.addEventListener('dragleave', ({ relatedTarget }) => relatedTarget || dropping(false));
  document.addEventListener('drop', (event) => {
    event.preventDefault();
    dropping(false);
    takeFrom(event.dataTransfer?.files);
  });
}

/** The pixels of an image or of a part of it, upright, at most `most` pixels wide or high. */
export async function pixelsOf(
  source: Blob | HTMLVideoElement,
  most: number,
  part?: { readonly x: number; readonly y: number; readonly width: number; readonly height: number },
): Promise<ImageData> {
  const bitmap = part
    ? await createImageBitmap(source, part.x, part.y, part.width, part.height)
    : await createImageBitmap(source);
  const scale = Math.min(1, most / Math.max(bitmap.width, bitmap.height));
  const [width, height] = [Math.round(bitmap.width * scale), Math.round(bitmap.height * scale)];
  const context = new OffscreenCanvas(width, height).getContext('2d', { willReadFrequently: true })!;
  context.fillStyle = '#fff';
  context.fillRect(0, 0, width, height);
  context.drawImage(bitmap, 0, 0, width, height);
  bitmap.close();
  return context.getImageData(0, 0, width, height);
}
