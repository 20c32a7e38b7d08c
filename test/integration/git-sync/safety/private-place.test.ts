/** Where the private files lie when the root file system is read-only. */
import { spawnSync } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import process from 'node:process';
import { expect, it } from 'vitest';
import { PILLION } from '../../../support/pillion.ts';
import { tryProgram } from '../../../support/run-program.ts';
import { useTempDir } from '../../../support/use-temp-dir.ts';
import { makeVersions, syncArguments } from './support.ts';

const temp = useTempDir();
const hasNamespaces = spawnSync('unshare', ['--mount', 'true']).status === 0;

it.runIf(hasNamespaces)(
  'without a volume for private files a warning says who can read them, and what helps; with one there is none',
  async () => {
    const { path: repo } = await makeVersions(temp.join('repo.git'));
    await mkdir(temp.join('private'));
    // A root file system that cannot be written to, with the volume of the root at /mnt.
    const script = [
      `mount --bind ${temp.path} /mnt`,
      'mount -t tmpfs -o ro none /tmp',
      'mount -t tmpfs none /dev/shm',
      'exec "$@"',
    ].join(' && ');
    const sync = async (env: Record<string, string>) => {
      const at = path.join('/mnt', path.basename(repo));
      const args = syncArguments({
        repo: `file://${at}`,
        root: '/mnt/root',
        flags: ['--one-time', '--username=me'],
      });
      const command = ['--mount', 'sh', '-c', script, 'sh', PILLION, ...args];
      const result = await tryProgram('unshare', command, {
        env: { PATH: process.env['PATH'], HOME: '/nonexistent', GITSYNC_PASSWORD: 'word', ...env },
        cwd: '/',
      });
      expect(result, result.stderr).toMatchObject({ code: 0 });
      return result.stderr;
    };
    const log = await sync({});
    expect(log).toMatch(/private files are kept where others can read them: mount an emptyDir at \/tmp/);
    expect(log).toMatch(/"place":"\/dev\/shm".*all containers of the pod/);
    expect(await sync({ TMPDIR: '/mnt/private' })).not.toContain('private files');
  },
);
