import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { expect, it, onTestFinished } from 'vitest';
import { makeTempDir, removeTempDir } from '../../../test/support/temp.ts';

it('plain HTTP, served and asked, loads nothing of TLS: a sidecar would pay some MiB for it', async () => {
  const directory = await makeTempDir();
  onTestFinished(() => removeTempDir(directory));
  const outfile = join(directory, 'plain-http.cjs');
  // Bundled as the commands are: as ES modules, Node itself would load all that a module might export.
  await build({
    entryPoints: [fileURLToPath(new URL('fixtures/plain-http.ts', import.meta.url))],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    supported: { 'dynamic-import': false },
  });
  const output = execFileSync(process.execPath, [outfile], { encoding: 'utf8' });
  expect(JSON.parse(output)).toEqual({ statuses: [200, 200], loaded: [] });
});
