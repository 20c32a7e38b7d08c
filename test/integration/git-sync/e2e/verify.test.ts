/** `--verify` on the command line, with a restart and its metrics; more in the unit tests of its gate. */
import { writeFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { signedCommit, signTip, sshSigner } from '../../../support/signing.ts';
import { hashOf, makeScene } from './scene.ts';

describe('--verify', () => {
  it('keeps what is published while the newest commit is not signed, and says so', async (test) => {
    const scene = await makeScene(test);
    const signer = await sshSigner(scene.join('keys'), 'alice');
    await writeFile(scene.join('allowed'), signer.publicKey);
    const flags = ['--verify=head', `--verify-ssh-allowed-signers=${scene.join('allowed')}`];
    await scene.mustFail(['--one-time', ...flags]);
    const first = await signTip(scene.repo, signer);
    const sync = await scene.start(['--period=100ms', ...flags]);
    await sync.synced();
    const bad = await scene.commit('unsigned');
    await sync.waitForLog('"failCount":3');
    expect(await hashOf(scene.link)).toBe(first);
    expect(await sync.metric('git_sync_failures_total{reason="signature_missing"}')).toBeGreaterThanOrEqual(
      3,
    );
    const status: unknown = await (await sync.get('/status')).json();
    expect(status).toMatchObject({
      hash: first,
      lastError: { code: 'signature_missing', message: `${bad} is not published: it is not signed` },
    });
    const good = await signedCommit(scene.repo, signer, { file: 'signed' });
    await sync.synced();
    expect(await hashOf(scene.link)).toBe(good);
  });

  it('is refused where it cannot work as it is asked for', async (test) => {
    const scene = await makeScene(test);
    const keys = '--verify-gpg-keyring=/k';
    for (const flags of [
      ['--verify=head'],
      [keys],
      ['--verify=some', keys],
      ['--verify=all-new', keys],
      ['--verify=tag', keys],
    ]) {
      expect((await scene.mustFail(flags)).stderr).toMatch(/(invalid|required) flag: --verify/);
    }
  });
});
