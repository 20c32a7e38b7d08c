/** The odd tree there and back over real stores, each container with a key that may do what it must and no more. */
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { hasRsync, rsyncDifferences } from '../../../src/backup/testing/engine-checks.ts';
import { makeOddTree } from '../../../src/backup/testing/odd-tree.ts';
import { type BackupCommand, PASSWORD, run, succeed } from '../../support/backup/program.ts';
import { makeKeysQuick } from '../../support/backup/quick-key.ts';
import { startRestServer } from '../../support/backup/rest-server.ts';
import { NO_RESTIC, restic18, restServer } from '../../support/backup/restic.ts';
import { NO_GO } from '../../support/go/programs.ts';
import { awsEnvironment, s3Program, startS3Server } from '../../support/s3/s3-server.ts';
import { READ_ONLY_FILES, startSshServer } from '../../support/ssh-server.ts';
import { useTempDir } from '../../support/use-temp-dir.ts';

const dir = useTempDir();
const restic = restic18();
const s3 = restic && s3Program();
const rest = restic && restServer();

/** How a store is reached with a key. */
type Access = Pick<BackupCommand, 'repository' | 'flags' | 'env'>;

/** Stores the odd tree, changes it, stores it again. `objects` is where the store keeps the repository. */
async function storeTwice(maker: Access, writer: Access, objects: string): Promise<void> {
  const volume = dir.join('volume');
  makeOddTree(volume);
  await succeed(['backup', 'now'], { ...maker, volume, flags: ['--init', ...(maker.flags ?? [])] });
  await makeKeysQuick(objects, PASSWORD);
  await writeFile(path.join(volume, 'second'), 'only in the second snapshot');
  await succeed(['backup', 'now'], { ...writer, volume });
}

/** Restores into an empty volume, and lets another tool judge what came. */
async function expectRestored(reader: Access): Promise<void> {
  const copy = dir.join('restored');
  await mkdir(copy);
  await succeed(['restore'], {
    ...reader,
    volume: copy,
    flags: ['--timeout=0', ...(reader.flags ?? [])],
  });
  if (hasRsync) {
    expect(rsyncDifferences(dir.join('volume'), copy)).toEqual([]);
  }
  expect(await readdir(copy)).toContain('second');
}

/** A backup with this key fails, says what the key may not, and stores nothing. */
async function expectNoBackup(reader: Access, snapshots: string): Promise<void> {
  const before = await readdir(snapshots);
  const { code, stderr } = await run(['backup', 'now'], { ...reader, volume: dir.join('volume') });
  expect(code).toBe(1);
  expect(stderr).toMatch(/check the keys and what they may do/);
  expect(await readdir(snapshots)).toEqual(before);
}

/** Retention with this key fails loudly, and what was stored stays. */
async function expectNoRemoval(writer: Access, snapshots: string): Promise<void> {
  const before = await readdir(snapshots);
  const flags = ['--keep-last=1', ...(writer.flags ?? [])];
  const { code, stderr } = await run(['backup', 'now'], { ...writer, flags, volume: dir.join('volume') });
  expect(code).toBe(1);
  expect(stderr).toContain('forget_refused');
  expect(await readdir(snapshots)).toEqual(expect.arrayContaining(before));
}

describe('least privilege over', () => {
  it.skipIf(s3 === undefined)(
    `S3: an append-only key backs up, a read-only key restores (skipped when ${NO_RESTIC}, or ${NO_GO})`,
    async () => {
      const server = await startS3Server(s3 ?? '', dir.join('s3'));
      onTestFinished(() => server.stop());
      await server.makeBucket('bucket');
      const reader = await server.makeKey('bucket', 'reader', 'read');
      const writer = await server.makeKey('bucket', 'writer', 'append');
      const repository = `s3:${server.url}/bucket/prefix`;
      const as = (key: typeof reader): Access => ({ repository, env: awsEnvironment(key) });
      const objects = path.join(server.objects('bucket'), 'prefix');
      const snapshots = path.join(objects, 'snapshots');
      await storeTwice(as(server.root), as(writer), objects);
      await expectRestored(as(reader));
      await expectNoBackup(as(reader), snapshots);
      await expectNoRemoval(as(writer), snapshots);
    },
  );

  it.skipIf(rest === undefined)(
    `REST: an append-only server takes backups and gives them back (skipped when ${NO_RESTIC})`,
    async () => {
      const start = async (isAppendOnly: boolean) => {
        const server = await startRestServer(rest ?? '', dir.join('rest'), ['app', 'other'], {
          isAppendOnly,
        });
        onTestFinished(() => server.stop());
        return server;
      };
      const [open, appendOnly] = [await start(false), await start(true)];
      const writer = { repository: appendOnly.location('app') };
      await storeTwice({ repository: open.location('app') }, writer, dir.join('rest/app'));
      await expectRestored(writer);
      await expectNoRemoval(writer, dir.join('rest/app/snapshots'));
    },
  );

  it.skipIf(restic === undefined)(
    `SFTP: a key that may only read restores (skipped when ${NO_RESTIC})`,
    async () => {
      const server = await startSshServer(dir.join('ssh'));
      onTestFinished(() => server.stop());
      const repository = `sftp://${server.user}@127.0.0.1:${server.port}/${dir.join('repository')}`;
      const as = (key: string): Access => ({
        repository,
        flags: [`--ssh-key-file=${key}`, `--ssh-known-hosts-file=${server.knownHostsPath}`],
      });
      const writer = as(server.keyPath);
      const reader = as(await server.addKey('reader', READ_ONLY_FILES));
      await storeTwice(writer, writer, dir.join('repository'));
      await expectRestored(reader);
      await expectNoBackup(reader, dir.join('repository/snapshots'));
    },
  );

  it.skipIf(s3 === undefined)(
    `S3: what is wrong is told apart, and starts nothing empty (skipped when ${NO_RESTIC}, or ${NO_GO})`,
    async () => {
      const server = await startS3Server(s3 ?? '', dir.join('s3'));
      onTestFinished(() => server.stop());
      await server.makeBucket('bucket');
      await server.makeBucket('another');
      const reader = await server.makeKey('bucket', 'reader', 'read');
      const stranger = await server.makeKey('another', 'stranger', 'read');
      const at = (place: string, key = server.root): Access => ({
        repository: `s3:${server.url}/${place}`,
        env: awsEnvironment(key),
      });
      await mkdir(dir.join('volume'));
      await writeFile(dir.join('volume/file'), 'content');
      await succeed(['backup', 'now'], {
        ...at('bucket/prefix'),
        volume: dir.join('volume'),
        flags: ['--init'],
      });
      await mkdir(dir.join('empty'));
      const ask = async (access: Access, onMissing = 'fail') => {
        const { code, stderr } = await run(['restore'], {
          ...access,
          volume: dir.join('empty'),
          flags: ['--timeout=0', '--call-timeout=10s', `--on-missing=${onMissing}`],
        });
        return [code, /cannot be asked \((\w+)\)/.exec(stderr)?.[1], await readdir(dir.join('empty'))];
      };
      expect(await ask(at('bucket/prefix', stranger))).toEqual([1, 'denied', []]);
      expect(await ask(at('bucket/prefix', { ...reader, secret: 'wrong' }))).toEqual([1, 'denied', []]);
      expect(await ask(at('bucket/other'))).toEqual([1, 'absent', []]);
      expect(await ask(at('nowhere/prefix'))).toEqual([1, 'absent', []]);
      expect(await ask(at('bucket/prefix', { access: 'nobody', secret: 'x' }))).toEqual([1, 'denied', []]);
      const wrong = {
        ...at('bucket/prefix'),
        env: { ...awsEnvironment(reader), RESTIC_PASSWORD: 'another' },
      };
      expect(await ask(wrong)).toEqual([1, 'password', []]);
      await rm(path.join(server.objects('bucket'), 'prefix/snapshots'), { recursive: true });
      expect(await ask(at('bucket/prefix', reader), 'allow')).toEqual([1, undefined, []]);
      await rm(path.join(server.objects('bucket'), 'prefix/config'));
      expect(await ask(at('bucket/prefix', reader))).toEqual([1, 'absent', []]);
    },
  );
});
