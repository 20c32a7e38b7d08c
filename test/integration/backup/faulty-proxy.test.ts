/** A real S3 server behind a proxy that answers with errors, cuts, stalls and flips bits. */
import { randomBytes } from 'node:crypto';
import { mkdir, readdir } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { PASSWORD, readTree, run, start, succeed, writeTree } from '../../support/backup/program.ts';
import { makeKeysQuick } from '../../support/backup/quick-key.ts';
import { NO_RESTIC, restic18 } from '../../support/backup/restic.ts';
import { NO_GO } from '../../support/go/programs.ts';
import {
  type FaultyProxy,
  type ProxiedRequest,
  startFaultyProxy,
  type Trouble,
} from '../../support/s3/proxy.ts';
import { awsEnvironment, type S3Server, s3Program, startS3Server } from '../../support/s3/s3-server.ts';
import { makeTempDir, removeTempDir } from '../../support/temp.ts';
import { useTempDir } from '../../support/use-temp-dir.ts';

const program = restic18() && s3Program();
const dir = useTempDir();
const stored = { scratch: '', volume: '', repository: '', env: {} as Record<string, string> };
let server: S3Server;
let proxy: FaultyProxy;

const isData = ({ method, url }: ProxiedRequest) => method === 'GET' && url.includes('/data/');

describe.skipIf(program === undefined)(
  `a store behind a bad line (skipped when ${NO_RESTIC}, or ${NO_GO})`,
  () => {
    beforeAll(async () => {
      stored.scratch = await makeTempDir();
      stored.volume = path.join(stored.scratch, 'volume');
      server = await startS3Server(program ?? '', path.join(stored.scratch, 's3'));
      proxy = await startFaultyProxy(server);
      await server.makeBucket('bucket');
      stored.env = { ...awsEnvironment(server.root), RESTIC_PACK_SIZE: '4' };
      stored.repository = `s3:http://127.0.0.1:${proxy.port}/bucket`;
      const content = Object.fromEntries(
        Array.from({ length: 40 }, (_, number) => [`folder/${number}`, randomBytes(100_000).toString('hex')]),
      );
      await writeTree(stored.volume, content);
      await succeed(['backup', 'now'], { ...stored, flags: ['--init'] });
      await makeKeysQuick(server.objects('bucket'), PASSWORD);
    });
    beforeEach(async () => {
      proxy.setRule(() => undefined);
      await mkdir(dir.join('copy'));
    });
    afterAll(async () => {
      await proxy.stop();
      await server.stop();
      await removeTempDir(stored.scratch);
    });
    const restore = (...flags: readonly string[]) =>
      run(['restore'], { ...stored, volume: dir.join('copy'), flags });

    it('gets a backup, and gives it back, whatever happens to single requests', async () => {
      const troubles: readonly Trouble[] = [
        { kind: 'status', status: 503 },
        { kind: 'cut-answer', afterBytes: 10 },
        { kind: 'status', status: 500 },
        { kind: 'flip' },
        { kind: 'cut-request' },
      ];
      let next = 0;
      // What is not encrypted twice over, its key and configuration, restic does not read twice.
      const isTried = ({ url }: ProxiedRequest) => !/\/(?:keys|config)/.test(url);
      proxy.setRule((request) =>
        isTried(request) && request.number % 6 === 5 ? troubles[next++ % troubles.length] : undefined,
      );
      await writeTree(stored.volume, { 'folder/new': randomBytes(5_000_000).toString('hex') });
      await succeed(['backup', 'now'], stored);
      const { code, stderr } = await restore();
      expect(code, stderr).toBe(0);
      expect(proxy.troubles()).toBeGreaterThan(5);
      expect(await readTree(dir.join('copy'))).toEqual(await readTree(stored.volume));
    });

    it('that is away in the middle of a restore is waited for, and the restore goes on', async () => {
      let isAway = false;
      let got = 0;
      proxy.setRule((request) => {
        got += isData(request) ? 1 : 0;
        isAway = got === 3;
        return isAway ? { kind: 'status', status: 500 } : undefined;
      });
      const restoring = await start(['restore'], { ...stored, volume: dir.join('copy') });
      await expect.poll(() => got).toBeGreaterThanOrEqual(3);
      got = 100;
      expect((await restoring.exit).code, restoring.stderr()).toBe(0);
      await restoring.stop();
      expect(await readTree(dir.join('copy'))).toEqual(await readTree(stored.volume));
    });

    it('that stays away in the middle of a restore leaves nothing that could be started on', async () => {
      let got = 0;
      proxy.setRule((request) => {
        got += isData(request) ? 1 : 0;
        return got >= 3 ? { kind: 'status', status: 500 } : undefined;
      });
      const { code, stderr } = await restore('--timeout=1s', '--call-timeout=3s');
      expect(code, stderr).toBe(1);
      expect(stderr).toContain('the application must not start');
      expect(await readdir(dir.join('copy'))).toEqual(['.pillion']);
      proxy.setRule(() => undefined);
      expect((await restore()).code).toBe(0);
      expect(await readTree(dir.join('copy'))).toEqual(await readTree(stored.volume));
    });

    it.each<[string, Trouble]>([
      ['falls silent', { kind: 'stall', afterBytes: 0 }],
      ['falls silent in the middle of an answer', { kind: 'stall', afterBytes: 5 }],
    ])('that %s is no reason to start empty', async (_, trouble) => {
      proxy.setRule(() => trouble);
      const { code, stderr } = await restore('--timeout=0', '--call-timeout=3s');
      expect(code).toBe(1);
      expect(stderr).toContain('(unreachable)');
      expect(await readdir(dir.join('copy'))).toEqual([]);
    });

    it('that falls silent during a restore is asked again', async () => {
      let stalled = 0;
      proxy.setRule((request) =>
        isData(request) && stalled++ < 1 ? { kind: 'stall', afterBytes: 1000 } : undefined,
      );
      const { code, stderr } = await restore('--call-timeout=3s');
      expect(code, stderr).toBe(0);
      expect(await readTree(dir.join('copy'))).toEqual(await readTree(stored.volume));
    });
  },
);
