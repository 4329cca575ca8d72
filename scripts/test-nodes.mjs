/**
 * `npm run test:nodes [-- 20 22 24]`: the tests of the service, of `denary serve`, of isolated sessions and of the recognizer on
 * several versions of Node, which npm's package `node` brings into out/nodes. onnxruntime-node in worker threads is what differs.
 */
import { execFile } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const root = fileURLToPath(new URL('..', import.meta.url));
const versions = process.argv.length > 2 ? process.argv.slice(2) : ['20', '22', '24'];
const tests = ['test/service', 'test/serve', 'test/example-service', 'test/session-', 'test/recognizer', 'isolation'];
const vitest = join(dirname(createRequire(import.meta.url).resolve('vitest/package.json')), 'vitest.mjs');
const run = promisify(execFile);

/** The path of that version's executable. */
async function install(version) {
  const folder = join(root, 'out', 'nodes', version);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'package.json'), '{ "private": true }\n');
  // The package's script fetches the executable for this machine.
  const args = ['install', '--ignore-scripts=false', `node@${version}`];
  const npm = process.env.npm_execpath;
  if (npm) await run(process.execPath, [npm, ...args], { cwd: folder });
  else await run('npm', args, { cwd: folder, shell: process.platform === 'win32' });
  return join(folder, 'node_modules', 'node', 'bin', process.platform === 'win32' ? 'node.exe' : 'node');
}

/** A row of the table, and what failed. */
async function test(version) {
  const node = await install(version);
  const { stdout } = await run(node, ['--version']);
  const report = join(root, 'out', 'nodes', `${version}.json`);
  rmSync(report, { force: true });
  // One file after the other: they start servers with a process for each core.
  const args = [vitest, 'run', '--no-file-parallelism', '--reporter=json', `--outputFile=${report}`, ...tests];
  const env = { ...process.env, PATH: `${dirname(node)}${delimiter}${process.env.PATH}` };
  // Where tests fail, the report tells; where there is none, this does.
  const ended = await run(node, args, { cwd: root, env, maxBuffer: 2 ** 28 }).catch((error) => error);
  try {
    const { testResults, numPassedTests, numFailedTests, numPendingTests } = JSON.parse(readFileSync(report, 'utf8'));
    const failures = testResults.flatMap(({ name, message, assertionResults }) => [
      ...(message ? [`${name}: ${message}`] : []),
      ...assertionResults
        .filter(({ status }) => status === 'failed')
        .map(({ fullName, failureMessages }) => `${fullName}: ${failureMessages[0].split('\n')[0]}`),
    ]);
    const counts = { passed: numPassedTests, failed: numFailedTests, skipped: numPendingTests };
    return { row: { node: stdout.trim(), ...counts, exit: ended.code ?? 0 }, failures };
  } catch {
    return { row: { node: stdout.trim(), exit: ended.signal ?? ended.code }, failures: [`no report: ${ended.stderr}`] };
  }
}

const rows = [];
for (const version of versions) {
  console.error(`Node ${version} ...`);
  const { row, failures } = await test(version);
  for (const failure of failures) console.error(failure);
  rows.push(row);
}
console.table(rows);
if (rows.some(({ exit }) => exit !== 0)) process.exitCode = 1;
