/** A change over ssh: the commit is asked for and fetched in one session, where that is possible. */
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type SshServerOptions, startSshServer } from '../../../../test/support/ssh-server.ts';
import { sshSettings } from '../../../git/testing/settings.ts';
import type { SyncSpec } from '../spec.ts';
import { makeSyncScene } from '../testing/scene.ts';

const cases: readonly [string, SshServerOptions, Partial<SyncSpec>, number][] = [
  ['in one session', {}, {}, 1],
  ['in one session with the whole history', {}, { depth: 0 }, 1],
  ['in one session from an old server', { acceptsProtocol: false }, {}, 1],
  ['in one session while each object is checked', {}, { fsck: true }, 1],
  [
    'in three for a partial clone: git fetches the files by the address that it has',
    {},
    { filter: 'blob:none' },
    3,
  ],
  [
    'in two where it is fetched by the name of its branch',
    {},
    { follow: { kind: 'branch', branch: 'main', rev: 'HEAD' } },
    2,
  ],
];

describe('a change over ssh', () => {
  it.each(cases)('comes %s', async (_, options, parts, sessions) => {
    const scene = await makeSyncScene();
    const server = await startSshServer(join(scene.root, '..', 'ssh'), options);
    onTestFinished(async () => server.stop());
    const sync = await scene.start({
      repo: server.repositoryUrl(scene.repo.path),
      ssh: sshSettings({ keyFiles: [server.keyPath], knownHostsFile: server.knownHostsPath }),
      ...parts,
    });
    await scene.repo.commit({ file: 'one' });
    await sync.pass();
    for (const content of ['two', 'three']) {
      const before = server.sessions();
      const hash = await scene.repo.commit({ file: content, large: 'x'.repeat(1_000_000) + content });
      expect(await sync.pass()).toMatchObject({ hash, changed: true });
      expect(server.sessions()).toBe(before + sessions);
      await sync.pass();
      expect(server.sessions()).toBe(before + sessions + 1);
    }
  });
});
