/**
 * A service of one's own around a recognizer, on nothing but node:http: `node examples/service/server.mjs`, then
 * `curl --data-binary @drawing.png http://127.0.0.1:3000`. The model runs in a worker thread; requests that come at the
 * same time share its runs.
 */
import { createServer } from 'node:http';
import { DenaryError } from '@denary/core';
import { createRecognizer } from '@denary/runtime-node';

const LIMIT = 4 * 2 ** 20;
const statuses = { 'bad-image': 422, overloaded: 429 };
const recognizer = await createRecognizer({ model: 'cnn', maxQueue: 256 });

async function bodyOf(request) {
  const chunks = [];
  let size = 0;
  for await (const chunk of request) {
    size += chunk.length;
    if (size <= LIMIT) chunks.push(chunk);
  }
  return size <= LIMIT ? Buffer.concat(chunks) : undefined;
}

const server = createServer(async (request, response) => {
  const answer = (status, body) =>
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  try {
    const image = await bodyOf(request);
    if (!image) return answer(413, { error: `more than ${LIMIT} bytes` });
    answer(200, await recognizer.predict(image, { timeout: 10_000 }));
  } catch (error) {
    answer(error instanceof DenaryError ? (statuses[error.code] ?? 503) : 500, { error: error.message });
  }
});
server.requestTimeout = 30_000;
server.listen(process.env.PORT ?? 3000, '127.0.0.1', () => console.log(`http://127.0.0.1:${server.address().port}`));
process.once('SIGTERM', () => server.close(() => recognizer.close()));
