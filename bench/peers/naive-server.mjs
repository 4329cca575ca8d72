/** The handler that one writes first: each request runs the model for its own image. node bench/peers/naive-server.mjs MODEL */
import { createServer } from 'node:http';
import { readModel } from '@denary/runtime-node';
import { InferenceSession, Tensor } from 'onnxruntime-node';

const session = await InferenceSession.create((await readModel(...process.argv.slice(2))).bytes);
const server = createServer((request, response) => {
  const chunks = [];
  request.on('data', (chunk) => chunks.push(chunk));
  request.on('end', async () => {
    const image = new Tensor('uint8', new Uint8Array(Buffer.concat(chunks)), [1, 28, 28]);
    const { probabilities } = await session.run({ image });
    const digit = probabilities.data.indexOf(Math.max(...probabilities.data));
    const body = JSON.stringify({ predictions: [{ digit, confidence: probabilities.data[digit] }] });
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': body.length });
    response.end(body);
  });
});
server.listen(0, '127.0.0.1', () => console.log(`listening on http://127.0.0.1:${server.address().port}`));
