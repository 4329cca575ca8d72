import { describe, expect, it } from 'vitest';
import { openRemote, type Port, serveSession, type WorkerPort } from './remote-session.js';
import type { Session } from './session.js';
import { fromNumbers, type Tensors } from './tensor.js';

/** Both ends of a line, and a session at the far one that doubles x, for as long as nobody cuts the line. */
function line(open?: () => Promise<never>) {
  const held: boolean[] = [];
  let [near, far]: ((message: unknown) => void)[] = [() => {}, () => {}];
  let cut: (how: string) => void = () => {};
  let alive = true;
  const gone = new Promise<string>((resolve) => {
    cut = (how) => {
      alive = false;
      resolve(how);
    };
  });
  const deliver = (listener: () => (message: unknown) => void) => (message: object) => {
    const copy = structuredClone(message);
    setImmediate(() => alive && listener()(copy));
  };
  const port: WorkerPort = {
    post: deliver(() => far!),
    listen: (listener) => {
      near = listener;
    },
    hold: (awaited) => held.push(awaited),
    gone,
  };
  const sent: number[] = [];
  const other: Port = {
    post: deliver(() => near!),
    listen: (listener) => {
      far = listener;
    },
  };
  const session = {
    device: 'cpu',
    inputs: [],
    outputs: [],
    run: async ({ x }: Tensors) => {
      sent.push(x!.data.buffer.byteLength);
      const doubled = [...(x!.data as Float32Array)].map((v) => 2 * v);
      return { y: fromNumbers('float32', doubled) };
    },
    close: async () => {},
  } as unknown as Session;
  serveSession(other, {
    open: open ?? (async (request: string) => ({ session, extra: request.toUpperCase() })),
    end: () => setImmediate(() => cut('exit code 0')),
  });
  return { port, held, sent, cut };
}

const x = fromNumbers('float32', [1, 2]);

describe('a remote session', () => {
  it('passes calls on, and holds the process only while an answer is awaited', async () => {
    const { port, held } = line();
    const session = await openRemote<string>(port, 'hello');
    expect([session.device, session.extra, held]).toEqual(['cpu', 'HELLO', [true, false]]);
    const both = Promise.all([session.run({ x }), session.run({ x })]);
    expect(session.pending).toBe(2);
    expect((await both).map(({ y }) => [...(y!.data as Float32Array)])).toEqual([
      [2, 4],
      [2, 4],
    ]);
    expect(held).toEqual([true, false, true, false]);
    await session.close();
    await expect(session.run({ x })).rejects.toMatchObject({ code: 'closed' });
  });

  it('sends a part of a buffer without the rest, and leaves it to its owner', async () => {
    const { port, sent } = line();
    const session = await openRemote(port, 'hello');
    const data = new Float32Array(1000).fill(3);
    const { y } = await session.run({ x: { ...x, data: data.subarray(10, 12) } }, { give: true });
    expect([...(y!.data as Float32Array)]).toEqual([6, 6]);
    expect([sent, data.length]).toEqual([[8], 1000]);
    await session.close();
  });

  it('rejects what is under way, and all that follows, when the worker is lost', async () => {
    const { port, cut, held } = line();
    const session = await openRemote(port, 'hello');
    const running = [session.run({ x }), session.run({ x })];
    cut('SIGKILL');
    for (const run of running) {
      await expect(run).rejects.toMatchObject({ code: 'worker-lost', received: 'its end (SIGKILL)' });
    }
    expect(held.at(-1)).toBe(false);
    await expect(session.run({ x })).rejects.toMatchObject({ code: 'worker-lost' });
    await session.close();
  });

  it('throws what the worker throws, as it is or as a session that failed, and has it end', async () => {
    const { port } = line(() => Promise.reject(new RangeError('too deep')));
    await expect(openRemote(port, 'hello')).rejects.toMatchObject({ code: 'session-failed', received: 'too deep' });
    expect(await port.gone).toBe('exit code 0');
  });
});
