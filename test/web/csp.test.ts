/** A page of static files under a strict Content-Security-Policy, the one that docs/web.md states. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterEach, expect, it } from 'vitest';
import { type OpenPage, openFolders } from './browser.js';
import { describeInBrowser } from './chromium.js';
import { ISOLATED } from './static-server.js';

const path = (name: string) => fileURLToPath(new URL(`../../${name}`, import.meta.url));
/** Its first code block that is a policy. */
const policy = /^ {4}Content-Security-Policy: (.*)$/m.exec(readFileSync(path('docs/web.md'), 'utf8'))![1]!;

/** Vitest would rewrite an import in a function. */
const readOne = `(async () => {
  const { createRecognizer } = await import('/denary/denary.js');
  const recognizer = await createRecognizer({ threads: 2 });
  const data = new Uint8Array(28 * 28);
  for (let y = 4; y < 24; y++) data.fill(255, y * 28 + 13, y * 28 + 15);
  const { digit } = await recognizer.predict({ data, width: 28, height: 28, channels: 1 });
  return { digit, threads: recognizer.info.threads };
})()`;

describeInBrowser('a strict Content-Security-Policy', () => {
  let open: OpenPage | undefined;
  afterEach(() => open?.close());

  /** What the example shows after it has loaded, and all that the browser complains of, in the page and in workers. */
  async function openExample(headers: Readonly<Record<string, string>>) {
    open = await openFolders([path('examples/web-static')], { headers, path: 'style.css' });
    const complaints: string[] = [];
    open.page.on('pageerror', ({ message }) => complaints.push(message));
    open.page.on('console', (message) => {
      if (message.type() === 'error' && !message.location().url.endsWith('favicon.ico'))
        complaints.push(message.text());
    });
    await open.page.goto(open.server.url);
    const output = open.page.locator('output');
    const said = () => output.textContent();
    await expect
      .poll(async () => complaints.length > 0 || (await said()) !== 'Loading', { timeout: 30_000 })
      .toBe(true);
    return { said: await said(), complaints };
  }

  it('as it is stated lets a page recognise digits', async () => {
    expect(policy).toMatch(/^default-src 'none'; script-src 'self' 'wasm-unsafe-eval';/);
    const headers = { 'content-security-policy': policy };
    expect(await openExample(headers)).toEqual({ said: 'Draw a digit. (wasm, threads: 1)', complaints: [] });
    expect(await open!.page.evaluate(readOne)).toEqual({ digit: 1, threads: 1 });
  });

  it('lets it use threads where it is cross-origin isolated', async () => {
    await openExample({ 'content-security-policy': policy, ...ISOLATED });
    expect(await open!.page.evaluate(readOne)).toEqual({ digit: 1, threads: 2 });
  });

  it("without connect-src 'self' says that it is missing", async () => {
    const less = policy.replace("connect-src 'self'", "connect-src 'none'");
    const { said, complaints } = await openExample({ 'content-security-policy': less });
    expect(said).toBe('Loading');
    expect(complaints).toContainEqual(expect.stringMatching(/expected .*, received .*connect-src/));
  });
});
