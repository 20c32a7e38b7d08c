import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmod, cp, mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import process from 'node:process';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { useTempDir } from '../../../test/support/use-temp-dir.ts';
import { compareTree } from '../manifest/compare.ts';
import { scanVolume } from '../manifest/scan.ts';
import { beginForTest } from '../testing/begun-stage.ts';
import { recover } from './recover.ts';

const temp = useTempDir();
const signal = new AbortController().signal;
const volume = () => temp.join('volume');
const CHILD = fileURLToPath(new URL('fixtures/commit-child.ts', import.meta.url));
const RECOVER = fileURLToPath(new URL('fixtures/recover-child.ts', import.meta.url));
const INSTANTS = Number(process.env['PILLION_CRASH_INSTANTS'] ?? 12);
const NOBODY = 65_534;
const isRoot = process.getuid?.() === 0;

async function makeTree(path: string, what: string, extra: string): Promise<void> {
  await mkdir(`${path}/locked`, { recursive: true });
  await writeFile(`${path}/locked/file`, what);
  await writeFile(`${path}/both`, what);
  await writeFile(`${path}/${extra}`, what);
  await chmod(`${path}/locked`, 0o555);
}

async function prepare(uid: number | undefined): Promise<{ readonly old: string; readonly wanted: string }> {
  await rm(volume(), { recursive: true, force: true });
  await makeTree(volume(), 'old', 'only-old');
  const { target } = await beginForTest(volume(), { id: 'abc', time: 1 });
  await makeTree(`${target}/root`, 'new', 'only-new');
  if (uid !== undefined) {
    spawnSync('chown', ['-R', `${uid}:${uid}`, volume()]);
    await chmod(temp.path, 0o755);
  }
  for (const [tree, name] of [
    [volume(), 'old'],
    [`${target}/root`, 'wanted'],
  ] as const) {
    await scanVolume(tree, temp.join(name), { signal, exclude: [] });
  }
  return { old: temp.join('old'), wanted: temp.join('wanted') };
}

const differences = async (manifest: string) =>
  (await compareTree(volume(), manifest, { signal, share: 1 })).examples.filter(
    (line) => !line.startsWith('.: has another time'),
  );

/** What the volume is after the next start. */
async function outcome(
  { old, wanted }: { old: string; wanted: string },
  uid?: number,
): Promise<'old' | 'new'> {
  const kind = uid === undefined ? (await recover(volume())).kind : recoverAs(uid);
  const differs = await differences(kind === 'staging' ? old : wanted);
  expect(differs, kind).toEqual([]);
  return kind === 'staging' ? 'old' : 'new';
}

function recoverAs(uid: number | undefined): string {
  const user = uid === undefined ? [] : [String(uid)];
  const result = spawnSync(process.execPath, [RECOVER, volume(), '1e9', ...user], { encoding: 'utf8' });
  expect(result.stderr).toBe('');
  return result.stdout;
}

function start(step: number, uid: number | undefined, word = '') {
  const root = `${volume()}/.pillion/stage/target/root`;
  return spawn(process.execPath, [CHILD, volume(), root, String(step), String(uid ?? ''), word]);
}

describe.skipIf(process.platform !== 'linux')('kill -9 during a commit', () => {
  it.each(
    isRoot
      ? [
          [undefined, 1],
          [NOBODY, 4],
        ]
      : [[undefined, 1]],
  )(
    'at each step, as user %s (of which each %sth is tried), leaves what the next start makes the old or the new of',
    async (uid, stride) => {
      const seen: string[] = [];
      for (let step = 0; ; step += stride) {
        const trees = await prepare(uid);
        const child = start(step, uid);
        const [code] = (await once(child, 'close')) as [number | null];
        seen.push(await outcome(trees, uid));
        if (code === 0) {
          break;
        }
        expect(code).toBeNull();
      }
      expect(seen.join(' ')).toMatch(/^(old ){1,3}(new ?){4,}$/);
    },
  );

  it.each(isRoot ? [undefined, NOBODY] : [undefined])(
    'that is refused, at each fourth step as user %s, leaves what the next start makes the old of',
    async (uid) => {
      const seen = new Set<string>();
      for (let step = 0; ; step += 4) {
        const { old } = await prepare(uid);
        const [code] = (await once(start(step, uid, 'refuse'), 'close')) as [number | null];
        const kind = recoverAs(uid);
        seen.add(kind);
        expect(await differences(old), `${kind} ${step}`).toEqual([]);
        expect(recoverAs(uid)).toBe('staging');
        if (code === 0) {
          break;
        }
      }
      expect([...seen].toSorted()).toEqual(['staging', 'unjudged']);
    },
  );

  it(`at ${INSTANTS} random instants`, async () => {
    const trees = await prepare(undefined);
    await cp(volume(), temp.join('copy'), {
      recursive: true,
      preserveTimestamps: true,
      verbatimSymlinks: true,
    });
    const started = performance.now();
    await once(start(1e9, undefined), 'close');
    const takes = performance.now() - started;
    expect(await outcome(trees)).toBe('new');
    for (let instant = 0; instant < INSTANTS; instant += 1) {
      const again = await prepare(undefined);
      const child = start(1e9, undefined);
      await delay(Math.random() * takes * 1.1);
      child.kill('SIGKILL');
      await (child.exitCode === null && child.signalCode === null ? once(child, 'close') : undefined);
      await outcome(again);
    }
  });

  it('and again while the next start finishes it', async () => {
    const trees = await prepare(undefined);
    await once(start(7, undefined), 'close');
    for (let step = 0; step < 8; step += 1) {
      await once(spawn(process.execPath, [RECOVER, volume(), String(step)]), 'close');
    }
    expect(await outcome(trees)).toBe('new');
    expect(await readdir(`${volume()}/.pillion`)).toEqual(['marker.json', 'quarantine']);
  });
});
