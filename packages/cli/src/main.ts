/** The command `denary`. Commands declare themselves; only this file decides about errors and exit codes. */

import { createRequire } from 'node:module';
import { DenaryError, messageOf } from '@denary/core';
import { Command, CommanderError } from 'commander';
import { buildTrainingCommand } from './commands/build-training.js';
import { convertCommand } from './commands/convert.js';
import { dataCommand } from './commands/data.js';
import { doctorCommand } from './commands/doctor.js';
import { evaluateCommand } from './commands/evaluate.js';
import { exportCommand } from './commands/export.js';
import { listCommand } from './commands/list.js';
import { predictCommand } from './commands/predict.js';
import { quantizeCommand } from './commands/quantize.js';
import { readCommand } from './commands/read.js';
import { reproduceCommand } from './commands/reproduce.js';
import { searchCommand } from './commands/search.js';
import { serveCommand } from './commands/serve.js';
import { summaryCommand } from './commands/summary.js';
import { trainCommand } from './commands/train.js';
import { tuneCommand } from './commands/tune.js';
import type { ContextOf } from './context.js';
import { createOutput } from './output.js';

const SUCCESS = 0;
const FAILURE = 1;
const USAGE = 2;

/** Milliseconds in which signals are of one Ctrl-C: under npx, the terminal signals us, and npm, which passes it on. */
const ONE_KEY = 500;

/** Runs the command line and gives the exit code: 0, 1 for a failure, 2 for wrong usage. */
export async function main(args: readonly string[]): Promise<number> {
  const stop = new AbortController();
  let stopped = 0;
  const interrupt = () => {
    if (stop.signal.aborted && performance.now() - stopped > ONE_KEY) process.exit(FAILURE);
    if (stop.signal.aborted) return;
    stopped = performance.now();
    stop.abort();
  };
  process.on('SIGINT', interrupt).on('SIGTERM', interrupt);
  process.stdout.once('error', quitWhereNobodyReads);
  const command = ['denary', ...args.map(quoted)].join(' ');
  const context: ContextOf = ({ json = false }) => ({ output: createOutput(json), command, signal: stop.signal });
  const program = programOf(context);
  try {
    await program.parseAsync(args, { from: 'user' });
    return SUCCESS;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? SUCCESS : USAGE;
    process.stderr.write(`denary: ${args.includes('--debug') ? detailsOf(error) : messageOf(error)}\n`);
    return FAILURE;
  } finally {
    process.off('SIGINT', interrupt).off('SIGTERM', interrupt);
  }
}

/** What reads our output may have had enough: `denary list | head -1`. */
function quitWhereNobodyReads(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') throw error;
  process.exit(SUCCESS);
}

function programOf(context: ContextOf): Command {
  const { version } = createRequire(import.meta.url)('denary/package.json') as { version: string };
  const program = new Command('denary')
    .description('Trains, evaluates and runs models that recognise handwritten digits, on ONNX Runtime alone.')
    .version(version);
  const commands = [
    listCommand,
    summaryCommand,
    trainCommand,
    searchCommand,
    evaluateCommand,
    predictCommand,
    serveCommand,
    exportCommand,
    convertCommand,
    quantizeCommand,
    buildTrainingCommand,
    tuneCommand,
    readCommand,
    dataCommand,
    reproduceCommand,
    doctorCommand,
  ];
  for (const command of commands)
    program.addCommand(command(context).option('--debug', 'print stack traces of errors'));
  for (const command of [program, ...program.commands]) command.exitOverride().showHelpAfterError('(see --help)');
  return program;
}

/** As a shell would take it. */
const quoted = (arg: string): string => (/^[\w@%+=:,./-]+$/.test(arg) ? arg : `'${arg.replaceAll("'", "'\\''")}'`);

function detailsOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const code = error instanceof DenaryError ? ` [${error.code}]` : '';
  return `${error.stack}${code}${error.cause ? `\ncaused by ${detailsOf(error.cause)}` : ''}`;
}
