import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { clusterFolder } from './environment.ts';

/**
 * Makes a name of the outside world mean this address for all pods, within a second: a manifest that says `github.com`
 * can stay as it is.
 */
export async function resolveName(name: string, address: string): Promise<void> {
  const file = join(clusterFolder(), 'hosts');
  const others = (await readFile(file, 'utf8'))
    .split('\n')
    .filter((line) => line && !line.endsWith(` ${name}`));
  await writeFile(`${file}.new`, [...others, `${address} ${name}`, ''].join('\n'));
  await rename(`${file}.new`, file);
}
