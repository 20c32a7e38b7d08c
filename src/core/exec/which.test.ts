import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { temporaryDirectory } from './fixtures/fixtures.ts';
import { findProgram } from './which.ts';

describe('findProgram', () => {
  it('finds the first executable file on the PATH', async () => {
    const directory = await temporaryDirectory();
    const [first, second] = [join(directory, 'first'), join(directory, 'second')];
    await mkdir(join(first, 'tool'), { recursive: true }); // a directory of that name does not count
    await mkdir(second);
    await writeFile(join(second, 'tool'), '');
    const path = `${join(directory, 'missing')}:${first}:${second}`;
    expect(await findProgram('tool', path)).toBeUndefined(); // not executable
    await chmod(join(second, 'tool'), 0o755);
    expect(await findProgram('tool', path)).toBe(join(second, 'tool'));
  });

  it('searches the default directories without a PATH', async () => {
    expect(await findProgram('sh', undefined)).toMatch(/bin\/sh$/);
    expect(await findProgram('no-such-program', undefined)).toBeUndefined();
  });

  it('takes a name with a slash as it is', async () => {
    expect(await findProgram('/bin/sh', '/nowhere')).toBe('/bin/sh');
    expect(await findProgram('./no-such-program', '/bin')).toBeUndefined();
  });

  it('finds nothing for an empty name', async () => {
    expect(await findProgram('', '/bin')).toBeUndefined();
  });
});
