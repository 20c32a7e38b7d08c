import { readdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { restic18 } from '../support/backup/restic.ts';
import { NO_GO } from '../support/go/programs.ts';
import { tryProgram } from '../support/run-program.ts';
import { awsEnvironment, s3Program, startS3Server } from '../support/s3/s3-server.ts';
import type { S3Key } from '../support/s3/sign.ts';
import { useTempDir } from '../support/use-temp-dir.ts';

const dir = useTempDir();
const program = s3Program();
const restic = restic18();

it.skipIf(program === undefined || restic === undefined)(
  `gives each key what it may do and no more, to restic itself (skipped when ${NO_GO})`,
  async () => {
    const server = await startS3Server(program ?? '', dir.join('s3'));
    onTestFinished(() => server.stop());
    await server.makeBucket('bucket');
    const reader = await server.makeKey('bucket', 'reader', 'read');
    const appender = await server.makeKey('bucket', 'appender', 'append');
    const as = async (key: S3Key, ...args: readonly string[]) => {
      const env = {
        ...awsEnvironment(key),
        RESTIC_REPOSITORY: `s3:${server.url}/bucket/prefix`,
        RESTIC_PASSWORD: 'x',
        RESTIC_CACHE_DIR: dir.join('cache'),
      };
      const { code } = await tryProgram(restic ?? '', args, { env, cwd: dir.path });
      return code;
    };
    await writeFile(dir.join('file'), 'content');
    expect(await as(server.root, 'init')).toBe(0);
    expect(await as(appender, 'backup', 'file')).toBe(0);
    expect(await as(reader, 'snapshots', '--no-lock')).toBe(0);
    expect(await as(reader, 'backup', 'file')).not.toBe(0);
    const objects = path.join(server.objects('bucket'), 'prefix');
    const snapshots = await readdir(path.join(objects, 'snapshots'));
    await as(appender, 'forget', '--prune', '--retry-lock=0s', snapshots[0] ?? '');
    expect(await readdir(path.join(objects, 'snapshots'))).toEqual(snapshots);
    expect(await readdir(path.join(objects, 'locks')).catch(() => [])).toEqual([]);
    expect(
      await as({ ...reader, secret: 'wrong' }, 'cat', 'config', '--no-lock', '--retry-lock=0s'),
    ).not.toBe(0);
  },
);
