/** Reloading by a signal: across PID namespaces, under another user, and never to the wrong program. */
import { spawn, spawnSync } from 'node:child_process';
import { chmod, readFile, writeFile } from 'node:fs/promises';
import process from 'node:process';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { useProgramsForOthers } from '../../support/for-others.ts';
import { asServerUser } from '../../support/postgres/as-postgres.ts';
import { login, ownPgbouncer } from '../../support/postgres/pgbouncer.ts';
import { expectNoProcess } from '../../support/processes.ts';
import { useTempDir } from '../../support/use-temp-dir.ts';
import { waitFor } from '../../support/wait-for.ts';
import { startCredentials } from './support/credentials.ts';
import {
  type Backend,
  CLIENT,
  configuration,
  IAM_USER,
  makeVolume,
  startBackend,
  startPool,
} from './support/stack.ts';

const isRoot = process.getuid?.() === 0;
const temp = useTempDir();
const programs = useProgramsForOthers();
let backend: Backend;
beforeAll(async () => {
  backend = await startBackend();
});
afterAll(() => backend.stop());

describe('pgbouncer', () => {
  it.runIf(isRoot)('in a PID namespace below ours is found by the number in its own PID file', async () => {
    const volume = await makeVolume();
    onTestFinished(() => volume.remove());
    // setpriv, because unshare needs root and pgbouncer refuses it.
    const { uid, gid } = asServerUser();
    const below = [
      'unshare',
      '--pid',
      '--fork',
      '--kill-child',
      'setpriv',
      `--reuid=${uid}`,
      `--regid=${gid}`,
      '--clear-groups',
    ];
    const pool = await startPool(backend, volume, { command: [...below, ...ownPgbouncer()], asRoot: true });
    onTestFinished(async () => {
      await pool.stop();
      await expectNoProcess(pool.directory, 0);
    });
    // The first process of a namespace forks once more, so that nothing depends on the number being 1.
    expect(Number(await readFile(pool.pidFile, 'utf8'))).toBeLessThan(100);
    const running = await startCredentials(
      configuration({
        outputs: [{ format: 'pgbouncer', path: volume.usersFile, mode: '0640' }],
        reload: [
          { type: 'signal', 'pid-file': pool.pidFile },
          { type: 'login', address: `127.0.0.1:${pool.port}`, database: 'app' },
        ],
      }),
      { env: backend.aws.podIdentity(backend.tokenFile) },
    );
    await waitFor(() => running.said('credential delivered').length > 0, { what: 'the delivery' });
    expect(pool.log()).toContain('SIGHUP');
    expect(await login({ port: pool.port, ...CLIENT, database: 'app' })).toBeUndefined();
    expect(await readFile(volume.usersFile, 'utf8')).toContain(IAM_USER);
  });

  it.runIf(isRoot)('of another user cannot be told by a signal, and the hint says what helps', async () => {
    const target = spawn('sleep', ['300'], { argv0: 'sleep', stdio: 'ignore' });
    onTestFinished(() => void target.kill('SIGKILL'));
    const { node, pillion } = await programs();
    await chmod(temp.path, 0o777);
    await writeFile(temp.join('pid'), `${target.pid}\n`);
    await writeFile(temp.join('secret'), 'x');
    await chmod(temp.join('secret'), 0o644);
    await chmod(temp.join('pid'), 0o644);
    const entry = {
      provider: 'file',
      path: temp.join('secret'),
      user: 'app',
      outputs: [`raw=${temp.join('raw')}`],
      reload: [{ type: 'signal', 'pid-file': temp.join('pid'), process: 'sleep' }],
    };
    await writeFile(temp.join('c.yaml'), JSON.stringify({ credentials: [entry] }), { mode: 0o644 });
    await chmod(temp.join('c.yaml'), 0o644);
    const args = [pillion, 'credentials', '--one-time', '--retry-for', '0s', '--config', temp.join('c.yaml')];
    const result = spawnSync(node, args, { uid: 65_534, gid: 65_534, encoding: 'utf8', cwd: '/' });
    expect(result.status).toBe(1);
    expect(result.stderr).toMatch(/SIGHUP to its process was refused \(EPERM\).*runAsUser/);
    expect(await readFile(temp.join('raw'), 'utf8')).toBe('x');
  });
});

describe('a PID file', () => {
  it('that is old, or a lie, leads to no other program', async () => {
    const bystander = spawn('sleep', ['300'], { stdio: 'ignore' });
    onTestFinished(() => void bystander.kill('SIGKILL'));
    let ended = false;
    bystander.once('exit', () => (ended = true));
    await writeFile(temp.join('secret'), 'x');
    for (const content of [`${bystander.pid}`, '1', `${process.pid}`, '-1', '0', 'x', '', '99999999999999']) {
      await writeFile(temp.join('pid'), content);
      const running = await startCredentials(
        JSON.stringify({
          credentials: [
            {
              provider: 'file',
              path: temp.join('secret'),
              user: 'app',
              outputs: [`raw=${temp.join('raw')}`],
              reload: [
                { type: 'signal', 'pid-file': temp.join('pid'), process: 'other-program', signal: 'TERM' },
              ],
            },
          ],
        }),
      );
      const [line] = await waitFor(
        () => {
          const lines = running.said('written; what is to be reloaded does not run yet');
          return lines.length > 0 && lines;
        },
        { what: 'the absence' },
      );
      expect(String(line?.['why'])).toContain('the program other-program is not there');
      await running.stop();
    }
    expect(ended).toBe(false);
  });
});
