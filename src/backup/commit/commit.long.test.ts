import { existsSync } from 'node:fs';
import { chmod, mkdir, readdir, readFile, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { useTempDir } from '../../../test/support/use-temp-dir.ts';
import { compareTree } from '../manifest/compare.ts';
import { scanVolume } from '../manifest/scan.ts';
import type { CommitOptions } from '../model.ts';
import { beginForTest } from '../testing/begun-stage.ts';
import { makeOddTree } from '../testing/odd-tree.ts';
import { commit, nameable, settleCommit } from './commit.ts';
import { readMarker, writeMarker } from './marker.ts';
import { excess } from './quarantine.ts';
import { recover } from './recover.ts';
import { shortage } from './space.ts';
import { syncEach } from './sync-file-system.ts';

const temp = useTempDir();
const signal = new AbortController().signal;
const SNAPSHOT = { id: 'abc123', time: 1_700_000_000_000 };
const volume = () => temp.join('volume');
const OPTIONS: CommitOptions = { signal, name: 'data', now: 1_800_000_000_000, keepQuarantines: 3 };

async function makeOld(): Promise<void> {
  await mkdir(`${volume()}/kept/deep`, { recursive: true });
  await mkdir(`${volume()}/lost+found`);
  await writeFile(`${volume()}/kept/deep/old`, 'old');
  await writeFile(`${volume()}/a`, 'old a');
  await writeFile(`${volume()}/only-old`, 'x');
  await utimes(volume(), 1e9, 1e9);
}

async function makeNew(target: string): Promise<void> {
  await mkdir(`${target}/root/kept/new`, { recursive: true });
  await writeFile(`${target}/root/kept/new/file`, 'new');
  await writeFile(`${target}/root/a`, 'new a');
  await symlink('a', `${target}/root/z`);
  await chmod(`${target}/root`, 0o2750);
  await utimes(`${target}/root`, 1.1e9, 1.1e9);
}

const describeTree = async (tree: string, name: string) => {
  await scanVolume(tree, temp.join(name), { signal, exclude: [] });
  return temp.join(name);
};
const problems = async (manifest: string, tree = volume()) =>
  (await compareTree(tree, manifest, { signal, share: 1 })).examples;

async function stageNew() {
  const stage = await beginForTest(volume(), SNAPSHOT);
  await makeNew(stage.target);
  return { stage, tree: { root: `${stage.target}/root`, manifest: undefined } };
}

/** Lets so many steps be, and fails at the next. */
function stopAfter(steps: number): (name: string) => void {
  let step = 0;
  return (name) => {
    step += 1;
    if (step > steps) {
      throw new Error(`stopped after ${name}`);
    }
  };
}

describe('a commit', () => {
  it('puts the stage in place with the root, keeps what was there in quarantine, and writes the marker', async () => {
    await makeOld();
    const old = await describeTree(volume(), 'old');
    const { stage, tree } = await stageNew();
    const wanted = await describeTree(tree.root, 'new');
    const { marker, quarantine } = await commit(stage, tree, OPTIONS);
    expect(await problems(wanted)).toEqual([]);
    expect(marker).toEqual({
      version: 1,
      volume: 'data',
      origin: 'restored',
      snapshot: SNAPSHOT,
      since: OPTIONS.now,
    });
    expect(await readMarker(volume())).toEqual(marker);
    const gone = (await problems(old, quarantine)).filter((line) => !line.startsWith('.: '));
    expect(gone).toEqual([]);
    expect((await readdir(`${volume()}/.pillion`)).toSorted()).toEqual(['marker.json', 'quarantine']);
    expect(existsSync(`${volume()}/lost+found`)).toBe(true);
    expect(await recover(volume())).toEqual({ kind: 'nothing' });
  });

  it('of an odd tree loses nothing of it', async () => {
    await mkdir(volume());
    const stage = await beginForTest(volume(), SNAPSHOT);
    makeOddTree(`${stage.target}/root`);
    const wanted = await describeTree(`${stage.target}/root`, 'new');
    const { quarantine } = await commit(
      stage,
      { root: `${stage.target}/root`, manifest: undefined },
      OPTIONS,
    );
    expect(await problems(wanted)).toEqual([]);
    expect(quarantine).toBeUndefined();
  });

  it('that stops at any of its steps is finished by the next start: the old or the new, never a mixture', async () => {
    const counts = { old: 0, new: 0 };
    for (let stopAt = 0; ; stopAt += 1) {
      await rm(volume(), { recursive: true, force: true });
      await makeOld();
      const old = await describeTree(volume(), 'old');
      const { stage, tree } = await stageNew();
      const wanted = await describeTree(tree.root, 'new');
      const onStep = stopAfter(stopAt);
      const stopped = await commit(stage, tree, { ...OPTIONS, onStep }).then(
        () => undefined,
        (error: unknown) => error as Error,
      );
      const found = await recover(volume());
      if (found.kind === 'staging') {
        counts.old += 1;
        // Our folder has come, which changes the time of the volume's root.
        expect((await problems(old)).filter((line) => !line.startsWith('.: has another time'))).toEqual([]);
      } else {
        counts.new += 1;
        expect(await problems(wanted), stopped?.message).toEqual([]);
        expect(await readMarker(volume())).toMatchObject({ snapshot: SNAPSHOT });
        const [quarantine] = await readdir(`${volume()}/.pillion/quarantine`);
        expect(await problems(old, `${volume()}/.pillion/quarantine/${quarantine}`)).toHaveLength(2); // its own mode and time
      }
      expect(await recover(volume())).toEqual(found.kind === 'staging' ? found : { kind: 'nothing' });
      if (stopped === undefined) {
        break;
      }
    }
    expect(counts.old).toBe(3);
    expect(counts.new).toBeGreaterThan(10);
  });

  it('that is refused when it is in place is taken back, from any step: the old, with its root, or the new for a judge', async () => {
    const counts = { staging: 0, unjudged: 0 };
    const refuse = () => Promise.reject(new Error('not good enough'));
    for (let stopAt = 0; ; stopAt += 1) {
      await rm(volume(), { recursive: true, force: true });
      await makeOld();
      await chmod(volume(), 0o710);
      const { stage, tree } = await stageNew();
      const old = await describeTree(volume(), 'old');
      const wanted = await describeTree(tree.root, 'new');
      const onStep = stopAfter(stopAt);
      const error = await commit(stage, tree, { ...OPTIONS, onStep, judge: refuse }).then(
        () => '',
        (failure: unknown) => String(failure),
      );
      let found = await recover(volume());
      expect(['staging', 'unjudged']).toContain(found.kind);
      counts[found.kind as 'staging' | 'unjudged'] += 1;
      if (found.kind === 'unjudged') {
        expect(await problems(wanted)).toEqual([]);
        expect(await readMarker(volume())).toBeUndefined();
        await expect(settleCommit(volume(), refuse)).rejects.toThrow('not good enough');
        found = await recover(volume());
      }
      expect(found, error).toEqual({ kind: 'staging', snapshot: SNAPSHOT });
      expect(await problems(old), error).toEqual([]);
      expect((await problems(wanted, tree.root)).filter((line) => !line.startsWith('.: '))).toEqual([]);
      expect((await readdir(`${volume()}/.pillion`)).filter((name) => /journal/.test(name))).toEqual([]);
      if (!error.includes('stopped')) {
        expect(await readdir(`${volume()}/.pillion`)).toEqual(['stage']);
        break;
      }
    }
    expect(counts.unjudged).toBeGreaterThan(8);
    expect(counts.staging).toBeGreaterThan(12);
  });

  it('that was interrupted and is good enough is kept, whatever was stopped meanwhile', async () => {
    await makeOld();
    const { stage, tree } = await stageNew();
    const wanted = await describeTree(tree.root, 'new');
    const stopAt = (step: string) => (name: string) => {
      if (name === step) {
        throw new Error('stop');
      }
    };
    const judge = () => Promise.resolve();
    const options = { ...OPTIONS, judge, onStep: stopAt('to be judged') };
    await expect(commit(stage, tree, options)).rejects.toThrow('stop');
    for (const step of ['judged', 'marker', 'stage removed']) {
      const found = await recover(volume());
      if (found.kind === 'unjudged') {
        await expect(settleCommit(volume(), judge, stopAt(step))).rejects.toThrow('stop');
      }
    }
    expect(await recover(volume())).toMatchObject({ kind: 'nothing' });
    expect(await problems(wanted)).toEqual([]);
    expect(await readMarker(volume())).toMatchObject({ snapshot: SNAPSHOT });
    expect((await readdir(`${volume()}/.pillion`)).toSorted()).toEqual(['marker.json', 'quarantine']);
  });

  it('that is taken back leaves on the volume what somebody has written there meanwhile', async () => {
    await makeOld();
    const { stage, tree } = await stageNew();
    const judge = async () => {
      await writeFile(`${volume()}/log`, 'of another writer');
      await writeFile(`${volume()}/only-old`, 'of another writer');
      throw new Error('refused');
    };
    await expect(commit(stage, tree, { ...OPTIONS, judge })).rejects.toThrow('refused');
    expect(await readFile(`${volume()}/log`, 'utf8')).toBe('of another writer');
    expect(await readFile(`${volume()}/only-old`, 'utf8')).toBe('x');
    const [quarantine] = await readdir(`${volume()}/.pillion/quarantine`);
    expect(await readFile(`${volume()}/.pillion/quarantine/${quarantine}/only-old.1`, 'utf8')).toBe(
      'of another writer',
    );
  });

  it('names what it brings, unless there is too much of it: then all is taken back', async () => {
    expect(nameable(['a', 'b'])).toEqual(['a', 'b']);
    expect(nameable(Array.from({ length: 40_000 }, () => 'x'.repeat(255)))).toBeUndefined();
    await makeOld();
    const old = await describeTree(volume(), 'old');
    const { stage, tree } = await stageNew();
    const onStep = (name: string) => {
      if (name === 'to be judged') {
        throw new Error('stop');
      }
    };
    const refuse = () => Promise.reject(new Error('refused'));
    await expect(commit(stage, tree, { ...OPTIONS, judge: refuse, onStep })).rejects.toThrow('stop');
    const path = `${volume()}/.pillion/journal-judge.json`;
    const journal = JSON.parse(await readFile(path, 'utf8'));
    delete journal.undo.entries;
    await writeFile(path, JSON.stringify(journal));
    await expect(settleCommit(volume(), refuse)).rejects.toThrow('refused');
    expect((await problems(old)).filter((line) => !line.startsWith('.: has another time'))).toEqual([]);
  });

  it('that was interrupted is not finished by a read', async () => {
    await makeOld();
    const { stage, tree } = await stageNew();
    const onStep = (name: string) => {
      if (name === 'cleared a') {
        throw new Error('stop');
      }
    };
    await expect(commit(stage, tree, { ...OPTIONS, onStep })).rejects.toThrow('stop');
    expect(await recover(volume(), { isReadOnly: true })).toMatchObject({ kind: 'committed' });
    expect(existsSync(`${volume()}/a`)).toBe(false);
    expect(await recover(volume())).toMatchObject({ kind: 'committed' });
    expect(await readFile(`${volume()}/a`, 'utf8')).toBe('new a');
  });

  it('loses nothing that somebody writes to the volume meanwhile', async () => {
    await makeOld();
    const { stage, tree } = await stageNew();
    const onStep = (name: string) => {
      if (name === 'cleared') {
        throw new Error('stop');
      }
    };
    await expect(commit(stage, tree, { ...OPTIONS, onStep })).rejects.toThrow('stop');
    await writeFile(`${volume()}/a`, 'of another writer');
    await recover(volume());
    expect(await readFile(`${volume()}/a`, 'utf8')).toBe('new a');
    const [quarantine] = await readdir(`${volume()}/.pillion/quarantine`);
    expect(await readFile(`${volume()}/.pillion/quarantine/${quarantine}/a.1`, 'utf8')).toBe(
      'of another writer',
    );
  });

  it('keeps as many quarantines as it is told', async () => {
    await makeOld();
    for (let round = 0; round < 4; round += 1) {
      const { stage, tree } = await stageNew();
      await commit(stage, tree, { ...OPTIONS, now: OPTIONS.now + round * 1000, keepQuarantines: 2 });
    }
    const names = await readdir(`${volume()}/.pillion/quarantine`);
    expect(names.toSorted().map((name) => name.slice(0, 19))).toEqual([
      '2027-01-15T08-00-02',
      '2027-01-15T08-00-03',
    ]);
  });

  it('is not begun once the signal is aborted', async () => {
    await makeOld();
    const { stage, tree } = await stageNew();
    const aborted = AbortSignal.abort(new Error('enough'));
    await expect(commit(stage, tree, { ...OPTIONS, signal: aborted })).rejects.toThrow('enough');
    expect(await recover(volume())).toEqual({ kind: 'staging', snapshot: SNAPSHOT });
  });
});

describe('records on the volume', () => {
  it('are read as they were written', async () => {
    await mkdir(volume());
    expect(await readMarker(volume())).toBeUndefined();
    expect(await readdir(volume())).toEqual([]);
    const marker = { version: 1, volume: 'x', origin: 'adopted', since: 5 } as const;
    await writeMarker(volume(), marker);
    expect(await readMarker(volume())).toEqual(marker);
  });

  it.each<[string, string, string]>([
    ['no JSON', 'marker.json', '{'],
    ['another version', 'marker.json', '{"version":2}'],
    ['a journal that leads out', 'journal-clear.json', '{"version":1,"quarantine":"../../etc"}'],
    [
      'a journal with a part that leads out',
      'journal-fill.json',
      '{"version":1,"quarantine":"q","root":["..",".."]}',
    ],
    ['a snapshot that is a path', 'stage/stage.json', '{"version":1,"snapshot":{"id":"../x","time":1}}'],
  ])('are refused with %s', async (_, name, text) => {
    await mkdir(`${volume()}/.pillion/stage`, { recursive: true });
    await writeFile(`${volume()}/.pillion/${name}`, text);
    const read = name === 'marker.json' ? readMarker(volume()) : recover(volume());
    await expect(read).rejects.toMatchObject({ code: 'record_invalid' });
  });

  it('are not parsed where they would be far more in memory than on the volume', async () => {
    await mkdir(`${volume()}/.pillion`, { recursive: true });
    await writeFile(`${volume()}/.pillion/journal-clear.json`, `{"root":[${'[],'.repeat(4_000_000)}[]]}`);
    await expect(recover(volume())).rejects.toMatchObject({
      code: 'record_invalid',
      message: expect.stringContaining('more than 4000000 values'),
    });
  });

  it('are not followed to where a link leads', async () => {
    await mkdir(temp.join('elsewhere'));
    await mkdir(volume());
    await symlink(temp.join('elsewhere'), `${volume()}/.pillion`);
    await expect(recover(volume())).rejects.toMatchObject({ code: 'not_a_directory' });
    await expect(beginForTest(volume(), SNAPSHOT)).rejects.toMatchObject({ code: 'not_a_directory' });
    expect(await readdir(temp.join('elsewhere'))).toEqual([]);
  });
});

describe('room on the volume', () => {
  it.each([
    [{ bytes: 1000, entries: 1 }, { bytes: 10, entries: 1000 }, /needs \d+ bytes, and 10 are free/],
    [{ bytes: 1000, entries: 1000 }, { bytes: 1e9, entries: 1000 }, /needs 1064 inodes, and 1000 are free/],
  ])('is asked for: %j in %j', (need, free, message) => {
    expect(shortage(need, free)).toMatch(message);
  });

  it('is there when both fit', () => {
    expect(
      shortage({ bytes: 1000, entries: 10 }, { bytes: 1e9, entries: Number.POSITIVE_INFINITY }),
    ).toBeUndefined();
  });
});

it('the oldest quarantines go, and never all', () => {
  expect(excess(['c', 'a', 'b'], 2)).toEqual(['a']);
  expect(excess(['c', 'a', 'b'], 0)).toEqual(['a', 'b']);
  expect(excess([], 3)).toEqual([]);
});

it('each file and directory can be synced by itself', async () => {
  makeOddTree(volume());
  await expect(syncEach(volume(), signal)).resolves.toBeUndefined();
});
