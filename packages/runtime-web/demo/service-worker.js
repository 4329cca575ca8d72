/** Keeps the page's own files, so that it opens without a network; ONNX Runtime and the models are kept by the package itself. */

// Written by the build: what there is, and a name that changes with it.
const FILES = [];
const CACHE = 'denary-demo';

self.addEventListener('install', (event) => event.waitUntil(fill().then(() => self.skipWaiting())));
self.addEventListener('activate', (event) => event.waitUntil(dropOthers().then(() => self.clients.claim())));
self.addEventListener('fetch', (event) => {
  const { request } = event;
  if (request.mode === 'navigate') event.respondWith(fetch(request).catch(() => kept('./')));
  else if (FILES.some((file) => new URL(file, location.href).href === request.url))
    event.respondWith(kept(request).then((found) => found ?? fetch(request)));
});

const fill = async () => (await caches.open(CACHE)).addAll(FILES);
const kept = async (request) => (await caches.open(CACHE)).match(request);

async function dropOthers() {
  const old = (await caches.keys()).filter((name) => name.startsWith('denary-demo') && name !== CACHE);
  await Promise.all(old.map((name) => caches.delete(name)));
}
