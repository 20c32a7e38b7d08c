import { spawnSync } from 'node:child_process';
import { appendFileSync, readFileSync } from 'node:fs';
import {
  appendFile,
  chmod,
  copyFile,
  cp,
  link,
  lutimes,
  mkdir,
  readFile,
  rename,
  rm,
  symlink,
  truncate,
  unlink,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { makeOddTree } from '../testing/odd-tree.ts';
import { useScannedVolume } from '../testing/scanned-volume.ts';
import { readManifest, summariseManifest } from './files.ts';

const { temp, signal, volume, manifest, scan, compare, makeSmall } = useScannedVolume();
/** NetBSD's, of Debian's package mtree-netbsd. */
const hasMtree = spawnSync('mtree', ['-h']).error === undefined;

async function entriesOf(path: string) {
  const entries = [];
  for await (const entry of readManifest(path)) {
    entries.push(entry);
  }
  return entries;
}

describe('a scan', () => {
  it('describes an odd tree so that it compares as the same, and tells what it left out', async () => {
    makeOddTree(volume());
    const result = await scan();
    expect(result).toMatchObject({ leftOut: [{ path: 'fifo', type: 'fifo' }], leftOutCount: 1, changing: 0 });
    expect(await compare()).toMatchObject({ problems: 0, examples: [], owners: 0, files: result.files });
    const { entries, files, bytes, digest } = result;
    expect(await summariseManifest(manifest(), signal)).toEqual({ entries, files, bytes, digest });
  });

  it.skipIf(!hasMtree)('is one that mtree reads and agrees with', async () => {
    makeOddTree(volume());
    await rm(`${volume()}/fifo`);
    await rm(`${volume()}/*?[x]`); // a pattern for mtree, however it is written
    await utimes(volume(), 1_300_000_000, 1_300_000_000);
    await scan();
    const agreed = spawnSync('mtree', ['-f', manifest(), '-p', volume()], { encoding: 'utf8' });
    expect(`${agreed.stdout}${agreed.stderr}`).toBe('');
    expect(agreed.status).toBe(0);
    await appendFile(`${volume()}/new\nline`, '!');
    expect(spawnSync('mtree', ['-f', manifest(), '-p', volume()]).status).not.toBe(0);
  });

  it('leaves out our folder, lost+found and what patterns name, with all below', async () => {
    await makeSmall();
    await mkdir(`${volume()}/.pillion/quarantine`, { recursive: true });
    await mkdir(`${volume()}/lost+found`);
    await mkdir(`${volume()}/cache/.pillion`, { recursive: true });
    await writeFile(`${volume()}/d/x.tmp`, '');
    await scan({ exclude: ['*.tmp', '/d/e'] });
    const paths = (await entriesOf(manifest())).map(({ path }) => path);
    expect(paths).toEqual(['', 'a', 'cache', 'cache/.pillion', 'd', 'd/b', 'l']);
    expect(await compare({ exclude: ['*.tmp', '/d/e'] })).toMatchObject({ problems: 0 });
  });

  it('takes hashes of files that are as they were from the manifest before, and of no others', async () => {
    await makeSmall();
    for (const path of ['a', 'd/b', 'd/e/c']) {
      await utimes(`${volume()}/${path}`, 1e9, 1e9);
    }
    await scan();
    // A hash that only the earlier manifest can have; its end has to agree.
    const lines = readFileSync(manifest(), 'latin1').split('\n');
    const forged = lines
      .filter((line) => !line.startsWith('# end'))
      .map((line) => line.replace(/sha256=\w{64}/, `sha256=${'0'.repeat(64)}`).replace(',recent', ''));
    await writeFile(temp.join('previous'), forged.join('\n'));
    await writeFile(`${volume()}/d/b`, 'BB');
    await utimes(`${volume()}/d/b`, 1e9, 1e9);
    await scan({ previous: temp.join('previous') });
    const hashes = (await entriesOf(manifest())).flatMap((entry) =>
      entry.type === 'file' ? [entry.sha256] : [],
    );
    const zero = '0'.repeat(64);
    expect(hashes.map((hash) => hash === zero)).toEqual([true, false, true]);
  });

  it('believes no hash of a file that had just changed when it was read', async () => {
    await makeSmall();
    await scan();
    const recent = (await entriesOf(manifest())).flatMap((entry) =>
      entry.type === 'file' ? [entry.identity?.isRecent] : [],
    );
    expect(recent).toEqual([true, true, true]);
  });

  it('marks a file that is written to all the time, and goes on', async () => {
    await makeSmall();
    const file = `${volume()}/d/b`;
    await truncate(file, 40_000_000); // reading it takes long enough for others to have their turn
    let isScanned = false;
    const write = () => {
      if (!isScanned) {
        appendFileSync(file, 'x');
        setImmediate(write);
      }
    };
    write();
    expect(await scan().finally(() => (isScanned = true))).toMatchObject({ changing: 1 });
    const changing = (await entriesOf(manifest())).filter(
      (entry) => entry.type === 'file' && entry.isChanging,
    );
    expect(changing.map(({ path }) => path)).toEqual(['d/b']);
    await appendFile(`${volume()}/d/b`, 'more');
    expect(await compare()).toMatchObject({ problems: 0 });
  });

  it('makes a manifest that can be believed of a file with several names that is written to all the time', async () => {
    await mkdir(volume());
    const file = `${volume()}/a`;
    await writeFile(file, '');
    await truncate(file, 20_000_000);
    for (const name of ['b', 'c']) {
      await link(file, `${volume()}/${name}`);
    }
    let isScanned = false;
    const write = () => {
      if (!isScanned) {
        appendFileSync(file, 'x');
        setImmediate(write);
      }
    };
    write();
    const { files } = await scan().finally(() => (isScanned = true));
    expect((await summariseManifest(manifest(), signal)).files).toBe(files);
  });

  it('marks files that it is told to', async () => {
    await makeSmall();
    expect(await scan({ changing: [Buffer.from('d/e/c')] })).toMatchObject({ changing: 1 });
  });

  it('of directories as deep as may be can be read back', async () => {
    const deepest = `${volume()}/${Array(500).fill('d').join('/')}`;
    await mkdir(deepest, { recursive: true });
    await writeFile(`${deepest}/f`, 'x');
    await scan();
    expect((await summariseManifest(manifest(), signal)).files).toBe(1);
  });

  it.each(['taken away', 'replaced by a directory'])(
    'of a link and a file that are %s before their turn goes on without them',
    async (what) => {
      await mkdir(volume());
      await writeFile(`${volume()}/a`, '');
      await truncate(`${volume()}/a`, 100_000_000);
      await symlink('a', `${volume()}/link`);
      await writeFile(`${volume()}/small`, 'x');
      const result = scan();
      // All three were looked at together, and the large one takes its time.
      for (const name of ['link', 'small']) {
        await unlink(`${volume()}/${name}`);
        await (what === 'taken away' ? undefined : mkdir(`${volume()}/${name}`));
      }
      expect((await result).files).toBe(1);
    },
  );

  it('ends with the signal', async () => {
    await makeSmall();
    const aborted = AbortSignal.abort(new Error('enough'));
    for (let index = 0; index < 3000; index += 1) {
      await writeFile(`${volume()}/file-${index}`, '');
    }
    await expect(scan({ signal: aborted })).rejects.toThrow('enough');
  });

  it('says which directory has no end', async () => {
    await mkdir(volume());
    spawnSync('sh', ['-c', 'for i in $(seq 600); do mkdir d && cd d || exit; done'], { cwd: volume() });
    await expect(scan()).rejects.toMatchObject({ code: 'volume_too_deep' });
  });
});

describe('a comparison', () => {
  it.each<[string, RegExp, () => Promise<unknown>]>([
    ['a file that is missing', /^a: is missing/, () => unlink(`${volume()}/a`)],
    ['a file too much', /^d\/new: is there/, () => writeFile(`${volume()}/d/new`, '')],
    [
      'other content of the same size and time',
      /^d\/b: has other content/,
      async () => {
        await writeFile(`${volume()}/d/b`, 'BB');
        await utimes(`${volume()}/d/b`, 1e9, 1e9);
      },
    ],
    [
      'another size',
      /^a: has 2 bytes, not 1/,
      async () => {
        await writeFile(`${volume()}/a`, 'aa');
        await utimes(`${volume()}/a`, 1e9, 1e9);
      },
    ],
    ['another mode', /^d\/b: has mode 600/, () => chmod(`${volume()}/d/b`, 0o600)],
    ['another time', /^d\/e: has another time/, () => utimes(`${volume()}/d/e`, 5, 5)],
    ['another time of the volume', /^\.: has another time/, () => utimes(volume(), 5, 5)],
    [
      'a link that leads elsewhere',
      /^l: leads to b, not to a/,
      async () => {
        await unlink(`${volume()}/l`);
        await symlink('b', `${volume()}/l`);
        await lutimes(`${volume()}/l`, 1e9, 1e9);
      },
    ],
    [
      'a link in the place of a directory',
      /^d: is a symlink, not a directory/,
      async () => {
        await rename(`${volume()}/d`, temp.join('elsewhere'));
        await symlink(temp.join('elsewhere'), `${volume()}/d`);
      },
    ],
    [
      'a hard link that is a copy',
      /^h2: is not the same file/,
      async () => {
        await unlink(`${volume()}/h2`);
        await copyFile(`${volume()}/h1`, `${volume()}/h2`);
        await utimes(`${volume()}/h2`, 1e9, 1e9);
      },
    ],
  ])('tells of %s', async (_, expected, change) => {
    await makeSmall();
    await writeFile(`${volume()}/h1`, 'h');
    spawnSync('ln', [`${volume()}/h1`, `${volume()}/h2`]);
    for (const path of ['a', 'd/b', 'd/e/c', 'h1', 'd/e', 'd', '.']) {
      await utimes(`${volume()}/${path}`, 1e9, 1e9);
    }
    await scan();
    expect(await compare()).toMatchObject({ problems: 0 });
    await change();
    const { problems, examples } = await compare();
    expect(problems).toBeGreaterThan(0);
    expect(examples.join('\n')).toMatch(new RegExp(expected.source, 'm'));
  });

  it('asks for no time that restic cannot give', async () => {
    await makeSmall();
    spawnSync('touch', ['-d', '2400-01-01', `${volume()}/d/b`]);
    await scan();
    await utimes(`${volume()}/d/b`, 1e9, 1e9);
    expect(await compare()).toMatchObject({ problems: 0 });
  });

  it('names some of many problems, and counts all', async () => {
    await makeSmall();
    await scan();
    await cp(`${volume()}/d`, `${volume()}/copies`, { recursive: true });
    for (let index = 0; index < 100; index += 1) {
      await writeFile(`${volume()}/copies/${index}`, '');
    }
    const { problems, examples } = await compare();
    expect(problems).toBeGreaterThan(100);
    expect(examples).toHaveLength(20);
  });

  it('reads the part of the files that was asked for, another one for another seed', async () => {
    await mkdir(volume());
    for (let index = 0; index < 200; index += 1) {
      await writeFile(`${volume()}/${index}`, 'good');
      await utimes(`${volume()}/${index}`, 1e9, 1e9);
    }
    await scan();
    for (let index = 0; index < 200; index += 1) {
      await writeFile(`${volume()}/${index}`, 'evil');
      await utimes(`${volume()}/${index}`, 1e9, 1e9);
    }
    const half = await compare({ share: 0.5, seed: 'one' });
    expect(half.problems).toBeGreaterThan(60);
    expect(half.problems).toBeLessThan(140);
    expect((await compare({ share: 0.5, seed: 'one' })).examples).toEqual(half.examples);
    expect((await compare({ share: 0.5, seed: 'two' })).examples).not.toEqual(half.examples);
    expect((await compare({ share: 0 })).problems).toBe(0);
  });
});

describe('a manifest', () => {
  const END = /# end.*\n/;
  it.each<[string, (text: string) => string]>([
    ['cut off', (text) => text.slice(0, -200)],
    ['without its end', (text) => text.replace(END, '')],
    ['with a line less', (text) => text.replace(/\.\/a .*\n/, '')],
    ['with a line twice', (text) => text.replace(/(\.\/a .*\n)/, '$1$1')],
    ['with a bit turned', (text) => text.replace('sha256=', 'sha256=0').replace(/(sha256=0\w{63})\w/, '$1')],
    [
      'with something behind its end',
      (text) => `${text}./z type=dir mode=0755 uid=0 gid=0 time=1.000000000\n`,
    ],
    ['of another version', (text) => text.replace('version 1', 'version 2')],
    ['that is empty', () => ''],
    ['that begins with something else than the volume', (text) => text.replace(/\n\. .*\n/, '\n')],
    [
      'with a file as a parent',
      (text) => text.replace('./d type=dir', './d type=link').replace(/(\.\/d type=link.*)/, '$1 link=/etc'),
    ],
    ['of bytes without a line', () => `#mtree\n# made by pillion, version 1\n${'x'.repeat(3_000_000)}`],
  ])('is refused when it is one %s', async (_, damage) => {
    await makeSmall();
    await scan();
    await writeFile(manifest(), damage(await readFile(manifest(), 'latin1')), 'latin1');
    await expect(compare()).rejects.toMatchObject({ code: 'manifest_invalid' });
    await expect(summariseManifest(manifest(), signal)).rejects.toMatchObject({ code: 'manifest_invalid' });
  });

  it('that is a FIFO or a link is not waited for', async () => {
    await mkdir(volume());
    spawnSync('mkfifo', [manifest()]);
    await expect(compare()).rejects.toMatchObject({ code: 'manifest_invalid' });
    await unlink(manifest());
    await symlink('/dev/zero', manifest());
    await expect(compare()).rejects.toMatchObject({ code: 'read_failed' });
  });
});
