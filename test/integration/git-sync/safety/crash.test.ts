import { readdir, readFile, writeFile } from 'node:fs/promises';
import { expect, it, onTestFinished } from 'vitest';
import { installFake } from '../../../support/fake-programs.ts';
import { startPillion } from '../../../support/pillion.ts';
import { expectNoProcess } from '../../../support/processes.ts';
import { expectNoLeaks, makeCanary } from '../../../support/secret-canary.ts';
import { useTempDir } from '../../../support/use-temp-dir.ts';
import { waitFor } from '../../../support/wait-for.ts';
import { leftoversIn, makeVersions, syncArguments } from './support.ts';

const temp = useTempDir();

/** Anything may be in the message and in the fields of an error that nobody has thought of. */
const THROWER = `process.on('SIGUSR2', () => {
  const secret = process.env.GITSYNC_PASSWORD;
  const fields = { input: secret, cause: new Error('because of ' + secret) };
  if (process.env.REJECT === undefined) {
    throw Object.assign(new Error('lost ' + secret), fields);
  }
  Promise.reject(Object.assign(new Error('lost ' + secret), fields));
});`;

it.each(['error', 'rejection'])(
  'a crash by an %s that nobody handles is reported without secrets, and leaves nothing behind',
  async (kind) => {
    const password = makeCanary('password');
    const repository = await makeVersions(temp.join('repo.git'));
    await writeFile(temp.join('thrower.cjs'), THROWER);
    const hook = await installFake(temp.join('bin'), 'hook-hang', { PIDS: temp.join('pids') });
    const flags = [
      '--username=user',
      '--period=100s',
      '-v=3',
      `--error-file=${temp.join('error.json')}`,
      `--exechook-command=${hook.path}`,
    ];
    const running = await startPillion(
      syncArguments({ repo: repository.url, root: temp.join('root'), flags }),
      {
        env: {
          GITSYNC_PASSWORD: password.value,
          NODE_OPTIONS: `--require=${temp.join('thrower.cjs')}`,
          ...(kind === 'rejection' ? { REJECT: 'yes' } : {}),
        },
      },
    );
    onTestFinished(async () => {
      await running.stop();
    });
    // The end of a pass that succeeded would take the error file away.
    await running.waitForLog('"msg":"next sync"');
    await waitFor(async () => (await readdir(temp.path)).includes('pids'), { what: 'the hook to hang' });
    running.signal('SIGUSR2');
    expect(await running.exit).toMatchObject({ code: 1, signal: null });
    const texts = { stderr: running.stderr(), stdout: running.stdout() };
    expect(texts.stderr).toContain('"code":"internal_error"');
    expect(texts.stderr).toMatch(/"stack":".*thrower\.cjs/);
    const errorFile = await readFile(temp.join('error.json'), 'utf8');
    expect(errorFile).toContain('internal error');
    expectNoLeaks([password], { ...texts, errorFile });
    expect(await readdir(running.tmpDir)).toEqual([]);
    expect(await leftoversIn(temp.join('root'))).toEqual([]);
    await expectNoProcess(running.tmpDir);
  },
);
