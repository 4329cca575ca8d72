/** The built `denary serve` as a child process on a free port, for tests that talk to it as anybody would. */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export interface Line {
  readonly level: number;
  readonly msg: string;
  readonly [key: string]: unknown;
}

/** What an answer may say, as far as tests look at it. */
export interface Said {
  readonly model: string;
  readonly predictions: readonly SaidOfImage[];
  readonly error?: { readonly code: string };
  readonly models: readonly { readonly name: string }[];
  readonly openapi: string;
  readonly paths: Readonly<Record<string, { readonly post: { readonly requestBody: { readonly content: object } } }>>;
}

interface SaidOfImage {
  readonly digit: number | null;
  readonly confidence: number;
  readonly probabilities: readonly number[];
  readonly error?: { readonly code: string };
}

export const said = async (answer: Response | Promise<Response>) => (await (await answer).json()) as Said;

export type Body = string | Uint8Array<ArrayBuffer> | FormData;

/** A test that fails half-way leaves none behind. */
const children = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of children) child.kill('SIGKILL');
});

export class Serving {
  readonly log: Line[] = [];
  url = '';

  private constructor(
    readonly child: ChildProcess,
    /** Settles with the exit code when the process is gone. */
    readonly exit: Promise<number | null>,
  ) {}

  /** Starts it and waits until it listens. */
  static async start(...args: string[]): Promise<Serving> {
    const serving = Serving.launch(...args);
    await serving.listening();
    return serving;
  }

  /** Starts it. */
  static launch(...args: string[]): Serving {
    const cli = fileURLToPath(new URL('../packages/cli/bin/denary.js', import.meta.url));
    const child = spawn(process.execPath, [cli, 'serve', '--port', '0', '--device', 'cpu', ...args], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    children.add(child);
    child.once('exit', () => children.delete(child));
    const serving = new Serving(
      child,
      once(child, 'exit').then(([code]) => code),
    );
    let rest = '';
    child.stdout!.setEncoding('utf8').on('data', (text: string) => {
      const lines = (rest + text).split('\n');
      rest = lines.pop()!;
      serving.log.push(...lines.map((line) => JSON.parse(line)));
    });
    return serving;
  }

  async listening(): Promise<void> {
    const listening = await Promise.race([this.logged(/^listening on /), this.exit]);
    if (listening === null || typeof listening === 'number') throw new Error('The server did not start.');
    this.url = listening.msg.slice('listening on '.length);
  }

  /** The first such line, from now on or before. */
  async logged(message: RegExp): Promise<Line> {
    while (true) {
      const line = this.log.find(({ msg }) => message.test(msg));
      if (line) return line;
      await once(this.child.stdout!, 'data');
    }
  }

  fetch(path: string, options?: RequestInit): Promise<Response> {
    return fetch(this.url + path, options);
  }

  predict(body: Body, type?: string, query = ''): Promise<Response> {
    const headers = type === undefined ? {} : { headers: { 'content-type': type } };
    return this.fetch(`/v1/predict${query}`, { method: 'POST', body, ...headers });
  }

  /** The sum of a metric's values. */
  async metric(name: string): Promise<number> {
    const text = await (await this.fetch('/metrics')).text();
    return text
      .split('\n')
      .filter((line) => line.startsWith(name))
      .reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
  }

  /** The worker processes; on Linux alone. */
  workers(): number[] {
    const parentOf = (pid: string) => {
      try {
        return Number(/^PPid:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
      } catch {
        return Number.NaN;
      }
    };
    const numbers = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
    return numbers.filter((pid) => parentOf(pid) === this.child.pid).map(Number);
  }

  async stop(): Promise<number | null> {
    this.child.kill('SIGTERM');
    return this.exit;
  }
}

/** Starts a server for a test, and stops it. */
export async function using(args: string[], work: (serving: Serving) => Promise<void>): Promise<void> {
  const serving = await Serving.start(...args);
  try {
    await work(serving);
  } finally {
    await serving.stop();
  }
}
