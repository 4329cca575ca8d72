/** Trains the models that are shipped in models/, with each system's own settings: `npm run models [-- NAME...]`. */
import { execFileSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const names = process.argv.length > 2 ? process.argv.slice(2) : ['mlp', 'cnn'];
for (const name of names) {
  const out = join(root, 'models', name);
  const denary = join(root, 'packages', 'cli', 'bin', 'denary.js');
  execFileSync(process.execPath, [denary, 'train', name, '--seed', '1', '--out', out], { stdio: 'inherit' });
  rmSync(join(out, 'checkpoint.safetensors'), { force: true });
}
