/** `--lfs` with real git-lfs. */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { GitRepository } from '../../../../test/support/git-repository.ts';
import { makeSyncScene } from '../testing/scene.ts';

const hasLfs = spawnSync('git-lfs', ['version']).status === 0;
const ATTRIBUTES = { '.gitattributes': '*.bin filter=lfs diff=lfs merge=lfs -text\n' };

const oidOf = (content: string) => createHash('sha256').update(content).digest('hex');
const pointer = (content: string) =>
  `version https://git-lfs.github.com/spec/v1\noid sha256:${oidOf(content)}\nsize ${Buffer.byteLength(content)}\n`;

/** Puts a large file where git-lfs looks for it with a file:// address. */
async function upload(repo: GitRepository, content: string): Promise<string> {
  const oid = oidOf(content);
  const path = join(repo.path, 'lfs/objects', oid.slice(0, 2), oid.slice(2, 4), oid);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, content);
  return path;
}

/** Where this test's processes keep private files. */
async function privatePlace(): Promise<string> {
  const former = process.env['TMPDIR'];
  const place = await mkdtemp('/tmp/pillion-lfs-');
  process.env['TMPDIR'] = place;
  onTestFinished(async () => {
    process.env['TMPDIR'] = former;
    if (former === undefined) {
      delete process.env['TMPDIR'];
    }
    await rm(place, { recursive: true, force: true });
  });
  return place;
}

const storedIn = async (place: string) =>
  (await readdir(place, { recursive: true }))
    .filter((path) => /repository-\d+\/lfs\/objects\/.*[0-9a-f]{64}$/.test(path))
    .map((path) => path.slice(-64));

describe.skipIf(!hasLfs)('--lfs (skipped when there is no git-lfs)', () => {
  it('checks out what the pointers stand for, and only what is wanted of it', async () => {
    const { repo, link, start } = await makeSyncScene();
    await upload(repo, 'large one');
    await repo.commit({
      ...ATTRIBUTES,
      'want/a.bin': pointer('large one'),
      'other/b.bin': pointer('nowhere'),
    });
    const { pass } = await start({ lfs: true, sparsePaths: ['want'], filter: 'blob:none' });
    await pass();
    expect(await readFile(join(link, 'want/a.bin'), 'utf8')).toBe('large one');
    const { pass: again } = await start({ lfs: true, sparsePaths: ['want'], filter: 'blob:none' });
    expect(await again()).toMatchObject({ changed: false }); // and it is found as it should be
  });

  it('keeps for the next tree what the last one has, and nothing else', async () => {
    const place = await privatePlace();
    const { repo, link, start } = await makeSyncScene();
    const one = await upload(repo, 'one');
    await upload(repo, 'two');
    await repo.commit({ ...ATTRIBUTES, 'a.bin': pointer('one'), 'b.bin': pointer('two') });
    const { pass } = await start({ lfs: true });
    await pass();
    expect((await storedIn(place)).toSorted()).toEqual([oidOf('one'), oidOf('two')].toSorted());
    await rm(one); // what is there already is not fetched again
    await upload(repo, 'three');
    await repo.commit({ 'b.bin': pointer('three') });
    await pass();
    expect(await readFile(join(link, 'a.bin'), 'utf8')).toBe('one');
    expect(await readFile(join(link, 'b.bin'), 'utf8')).toBe('three');
    expect((await storedIn(place)).toSorted()).toEqual([oidOf('one'), oidOf('three')].toSorted());
  });

  it('publishes no pointer: what cannot be fetched leaves what is published', async () => {
    const { repo, link, start } = await makeSyncScene();
    const path = await upload(repo, 'one');
    await repo.commit({ ...ATTRIBUTES, 'a.bin': pointer('one') });
    const { pass } = await start({ lfs: true });
    await pass();
    await repo.commit({ 'a.bin': pointer('never pushed') });
    await expect(pass()).rejects.toMatchObject({ code: 'lfs_failed' });
    expect(await readFile(join(link, 'a.bin'), 'utf8')).toBe('one');
    // A server that sends something else under that name.
    await writeFile(await upload(repo, 'never pushed'), 'NEVER PUSHED');
    await expect(pass()).rejects.toMatchObject({ code: 'lfs_failed' });
    expect(await readFile(join(link, 'a.bin'), 'utf8')).toBe('one');
    await upload(repo, 'never pushed');
    await pass();
    expect(await readFile(join(link, 'a.bin'), 'utf8')).toBe('never pushed');
    await rm(path);
  });

  it('asks the server of the large files with the same credentials, and another with none', async () => {
    const { repo, link, start } = await makeSyncScene();
    const seen: (string | undefined)[] = [];
    const server = createServer((request, response) => {
      seen.push(request.headers.authorization);
      const { port } = server.address() as AddressInfo;
      if (request.headers.authorization === undefined) {
        response
          .writeHead(401, {
            'WWW-Authenticate': 'Basic realm="lfs"',
            'LFS-Authenticate': 'Basic realm="lfs"',
          })
          .end();
      } else if (request.method === 'POST') {
        const actions = { download: { href: `http://127.0.0.1:${port}/object` } };
        const objects = [{ oid: oidOf('guarded'), size: 7, actions }];
        response.setHeader('Content-Type', 'application/vnd.git-lfs+json');
        response.end(JSON.stringify({ transfer: 'basic', objects }));
      } else {
        response.end('guarded');
      }
    });
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve);
    });
    onTestFinished(() => {
      server.closeAllConnections();
      server.close();
    });
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const config = { '.lfsconfig': `[lfs]\n\turl = ${url}/lfs\n` };
    await repo.commit({ ...ATTRIBUTES, ...config, 'a.bin': pointer('guarded') });
    const { pass } = await start({ lfs: true, credentials: [{ url, username: 'me', password: 'secret' }] });
    await pass();
    expect(await readFile(join(link, 'a.bin'), 'utf8')).toBe('guarded');
    const basic = `Basic ${Buffer.from('me:secret').toString('base64')}`;
    expect(new Set(seen.filter((each) => each !== undefined))).toEqual(new Set([basic]));
    seen.length = 0;
    await repo.commit({ 'a.bin': pointer('guardee') });
    const elsewhere = [{ url: 'http://elsewhere.example', username: 'me', password: 'secret' }];
    const { pass: refused } = await start({ lfs: true, credentials: elsewhere });
    await expect(refused()).rejects.toMatchObject({ code: 'lfs_failed' });
    expect(seen.filter((each) => each !== undefined)).toEqual([]);
    expect(seen.length).toBeLessThan(10);
  });

  it('ends with the time of the sync when the server stalls', async () => {
    const { repo, link, start } = await makeSyncScene();
    const server = createServer(() => {});
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve);
    });
    onTestFinished(() => {
      server.closeAllConnections();
      server.close();
    });
    const { pass: before } = await start();
    const { hash } = await before();
    const config = {
      '.lfsconfig': `[lfs]\n\turl = http://127.0.0.1:${(server.address() as AddressInfo).port}/lfs\n`,
    };
    await repo.commit({ ...ATTRIBUTES, ...config, 'a.bin': pointer('stalled') });
    const { pass } = await start({ lfs: true, syncTimeoutMs: 5000 });
    await expect(pass()).rejects.toMatchObject({ code: 'sync_timeout' });
    expect(await readFile(join(link, 'file'), 'utf8')).toBe('first\n');
    expect(hash).not.toBe(await repo.hash());
  });
});

it('--lfs without git-lfs ends at the start, and says what to install', async () => {
  const { start } = await makeSyncScene();
  await expect(start({ lfs: true }, { env: { PATH: '/nonexistent' } })).rejects.toMatchObject({
    code: 'lfs_missing',
  });
});
