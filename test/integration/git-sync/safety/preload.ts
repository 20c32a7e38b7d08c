import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import type { TestTempDir } from '../../../support/use-temp-dir.ts';

/** One of programs/ as the JavaScript that `NODE_OPTIONS=--require=` loads into the program; the path of the file. */
export async function buildPreload(temp: TestTempDir, name: string): Promise<string> {
  const outfile = temp.join(`${name}.cjs`);
  const entry = fileURLToPath(new URL(`programs/${name}.ts`, import.meta.url));
  await build({ entryPoints: [entry], outfile, format: 'cjs', platform: 'node', logLevel: 'error' });
  return outfile;
}
