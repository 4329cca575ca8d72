/** Runs the contestants in turn, round by round, and gathers what they print. */

import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

/**
 * One process with one work order. Gives its lines, one for each batch size: where it fails, dies or is silent for longer
 * than the limit, the rest of them say so.
 */
export function run({ command: [program, ...script], order, extra }, work, { threads, seconds }) {
  const full = { threads, ...work, ...(seconds && { seconds }), ...order, ...extra };
  const child = spawn(program, [...script, JSON.stringify(full)], { stdio: ['ignore', 'pipe', 'pipe'] });
  const lines = [];
  let said = '';
  return new Promise((resolve) => {
    const finish = (error, late = false) => {
      clearTimeout(timer);
      const missing = full.batches.slice(lines.length).map((batch) => ({ batch, error, late }));
      resolve([...lines, ...missing]);
    };
    const stop = () => {
      child.kill('SIGKILL');
      finish(`nothing within ${full.limit} s`, true);
    };
    let timer = setTimeout(stop, full.limit * 1000);
    createInterface({ input: child.stdout }).on('line', (line) => {
      if (!line.startsWith('{')) return;
      lines.push(JSON.parse(line));
      clearTimeout(timer);
      timer = setTimeout(stop, full.limit * 1000);
    });
    child.stderr.on('data', (data) => {
      said = (said + data).slice(-4000);
    });
    child.once('error', (error) => finish(error.message));
    child.once('close', (code, signal) => finish(errorIn(said) ?? `ended with ${signal ?? `status ${code}`}`));
  });
}

/** The line that names the error in what a process wrote last, where there is one. */
const errorIn = (text) => text.split('\n').find((line) => /^\w*(Error|Exception)\b.*: /.test(line));

/**
 * All contestants on one work, in turn, `rounds` times or as often as they say themselves; one that can't do it, or takes
 * more than 5 s for a step, has one round. Gives a cell { who, batch, results, error } for each of them and batch size.
 */
export async function contest(work, contestants, { rounds, report, ...options }) {
  const cells = contestants.flatMap(({ name }) => work.batches.map((batch) => ({ who: name, batch, results: [] })));
  const cellOf = (who, batch) => cells.find((cell) => cell.who === who && cell.batch === batch);
  const again = (results) =>
    results.some(({ error }) => !error) && !results.some(({ late, milliseconds }) => late || milliseconds > 5000);
  const done = new Set();
  for (let round = 1; round <= rounds; round++) {
    for (const contestant of contestants.filter((one) => !done.has(one))) {
      const results = contestant.unavailable
        ? work.batches.map((batch) => ({ batch, error: contestant.unavailable }))
        : await run(contestant, work, options);
      for (const result of results) {
        const cell = cellOf(contestant.name, result.batch);
        if (result.error) cell.error = result.error;
        else cell.results.push(result);
        report({ round, work, who: contestant.name, result });
      }
      if (!again(results) || contestant.rounds === round) done.add(contestant);
    }
  }
  return cells.filter(({ results, error }) => results.length > 0 || error);
}
