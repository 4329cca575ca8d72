/**
 * Adds up vitest's JSON reports: node count-tests.mjs REPORT... says which tests failed and why, and closes with
 * "N passed, N failed, N skipped".
 */
import { readFileSync } from 'node:fs';
import { relative } from 'node:path';

const total = { passed: 0, failed: 0, skipped: 0 };
for (const path of process.argv.slice(2)) {
  const report = JSON.parse(readFileSync(path, 'utf8'));
  total.passed += report.numPassedTests;
  total.failed += report.numFailedTests;
  total.skipped += report.numPendingTests + report.numTodoTests;
  // A file that does not load has no tests to fail.
  if (!report.success && report.numFailedTests === 0) total.failed += 1;
  for (const file of report.testResults.filter(({ status }) => status === 'failed')) {
    const tests = file.assertionResults.filter(({ status }) => status === 'failed');
    console.log(`FAIL ${relative('', file.name)}${file.message && `\n${file.message}`}`);
    for (const { fullName, failureMessages } of tests) console.log(`  ${fullName}\n${failureMessages.join('\n')}`);
  }
}
console.log(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
process.exitCode = total.failed > 0 ? 1 : 0;
