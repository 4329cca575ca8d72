/**
 * Many connections that each ask for one prediction after the other, by bare sockets, so that the client takes little of the
 * machine: node bench/http-load.mjs URL CONNECTIONS SECONDS. Prints what was answered, how fast, and how much of it rightly.
 */
import { connect } from 'node:net';
import { loadDataset } from '@denary/train/node';

const [url, connections, seconds] = process.argv.slice(2);
const { hostname, port } = new URL(url);
const test = await loadDataset('mnist', 'test');
const head = `POST /v1/predict HTTP/1.1\r\nhost: ${hostname}\r\ncontent-type: application/octet-stream\r\ncontent-length: 784\r\n\r\n`;
const requests = Array.from({ length: 1000 }, (_, i) =>
  Buffer.concat([Buffer.from(head), test.images.subarray(i * 784, (i + 1) * 784)]),
);

const began = performance.now();
const end = began + Number(seconds) * 1000;
const latencies = [];
let right = 0;
let failed = 0;

function connection(first) {
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname);
    socket.setNoDelay(true);
    let at = first;
    let sent = 0;
    let text = '';
    const ask = () => {
      sent = performance.now();
      socket.write(requests[at % 1000]);
    };
    socket.on('connect', ask).on('error', reject);
    socket.on('data', (chunk) => {
      text += chunk.latin1Slice();
      const body = text.indexOf('\r\n\r\n') + 4;
      const length = Number(/content-length: (\d+)/i.exec(text)?.[1]);
      if (body < 4 || text.length < body + length) return;
      latencies.push(performance.now() - sent);
      if (!text.startsWith('HTTP/1.1 200')) failed++;
      else if (Number(/"digit":(\d)/.exec(text)?.[1]) === test.labels[at % 1000]) right++;
      text = '';
      at += Number(connections);
      if (performance.now() < end) return ask();
      socket.end();
      resolve();
    });
  });
}
await Promise.all(Array.from({ length: Number(connections) }, (_, i) => connection(i)));
const elapsed = (performance.now() - began) / 1000;
latencies.sort((a, b) => a - b);
const at = (share) => Number(latencies[Math.floor(share * (latencies.length - 1))].toFixed(2));
const result = { perSecond: latencies.length / elapsed, accuracy: right / latencies.length, failed };
console.log(JSON.stringify({ ...result, p50: at(0.5), p99: at(0.99) }));
