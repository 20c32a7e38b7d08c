import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { chmod, mkdir, readdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, it, onTestFinished } from 'vitest';
import { useProgramsForOthers } from '../../../test/support/for-others.ts';
import { bindAt, canMount, NO_MOUNTS, withMounts } from '../../../test/support/mounts.ts';
import { bundleProgram, ENV, fixture, temporaryDirectory } from '../exec/fixtures/fixtures.ts';
import { run, tryRun } from '../exec/run.ts';
import { waitFor } from '../testing/wait-for.ts';
import { withMadeDirectory } from './below.ts';
import { type ForeignDirectory, openForeignRoot } from './directory.ts';

const OTHER = 65534;
const isRoot = process.geteuid?.() === 0;
const programsForOthers = useProgramsForOthers();
const AS_OTHER = ['--reuid', String(OTHER), '--regid', String(OTHER), '--clear-groups', '--'];
const here = (name: string) => fixture(`../../foreign-files/fixtures/${name}`);

const opened: ForeignDirectory[] = [];
afterEach(async () => {
  await Promise.all(opened.splice(0).map((directory) => directory.close()));
});

async function open(path: string): Promise<ForeignDirectory> {
  const directory = await openForeignRoot(path);
  opened.push(directory);
  return directory;
}

function makeFiles(directory: string, count: number): void {
  mkdirSync(directory, { recursive: true });
  for (let file = 0; file < count; file += 1) {
    writeFileSync(join(directory, `file-${file}`), 'precious');
  }
}

/** Replaces directories of a tree by links until it is stopped. */
async function startAttacker(tree: string, outside: string) {
  const program = await bundleProgram(here('swap-directories.ts'), await temporaryDirectory());
  const swaps = process.env['PILLION_ATTACK_SWAPS'] ?? '1000';
  const attacker = spawn(process.execPath, [program, tree, outside, swaps], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  onTestFinished(() => void attacker.kill('SIGKILL'));
  let said = '';
  attacker.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()));
  return {
    hasDoneEnough: () => said !== '',
    async stop(): Promise<void> {
      attacker.stdin.end();
      await once(attacker, 'close');
    },
  };
}

describe('removing a tree that others can write to', () => {
  it('counts what it removed', async () => {
    const directory = await temporaryDirectory();
    makeFiles(join(directory, 'tree/a/b'), 300);
    await symlink('nowhere', join(directory, 'tree/link'));
    const root = await open(directory);
    expect(await root.removeTree('tree')).toEqual({ removed: 304, kept: [] });
    expect(await root.removeTree('tree')).toEqual({ removed: 0, kept: [] });
    expect(await readdir(directory)).toEqual([]);
  });

  it.skipIf(!canMount())(`leaves what is mounted in it (skipped when ${NO_MOUNTS})`, async () => {
    const directory = await temporaryDirectory();
    makeFiles(join(directory, 'elsewhere'), 5);
    const [deep, near] = [join(directory, 'tree/a/mounted'), join(directory, 'tree/b')];
    makeFiles(join(directory, 'tree/a'), 3);
    const root = await open(directory);
    const mounts = [deep, near].map((path) => bindAt(join(directory, 'elsewhere'), path));
    await withMounts(mounts, async () => {
      const tree = await root.open('tree');
      expect(await tree?.removeTree('b')).toEqual({ removed: 0, kept: [{ path: near, code: 'EBUSY' }] });
      await tree?.close();
      const { removed, kept } = await root.removeTree('tree');
      expect([removed, kept.map(({ path }) => path).toSorted()]).toEqual([3, [deep, near]]);
    });
    expect(readdirSync(join(directory, 'elsewhere'))).toHaveLength(5);
    expect(await root.removeTree('tree')).toEqual({ removed: 4, kept: [] });
  });

  it.runIf(isRoot)('names what belongs to another user, and removes the rest', async () => {
    const directory = await temporaryDirectory();
    const tree = join(directory, 'tree');
    makeFiles(tree, 3);
    makeFiles(join(tree, 'ours'), 100);
    await run('chown', ['-R', `${OTHER}:${OTHER}`, directory], { env: ENV });
    makeFiles(join(tree, '__pycache__'), 40); // of root, 0755
    makeFiles(join(tree, 'ours/__pycache__'), 1);
    await chmod(directory, 0o755);
    const program = await bundleProgram(here('remove-as-other.ts'), directory);
    const { node } = await programsForOthers();
    const { stdout, stderr } = await run('setpriv', [...AS_OTHER, node, program, directory, 'tree'], {
      env: ENV,
    });
    const { removed, kept } = JSON.parse(stdout) as {
      removed: number;
      kept: { path: string; code: string }[];
    };
    expect([removed, stderr]).toEqual([103, '']);
    expect(kept).toHaveLength(41);
    expect(kept).toContainEqual({ path: join(tree, 'ours/__pycache__/file-0'), code: 'EACCES' });
    expect((await readdir(tree)).toSorted()).toEqual(['__pycache__', 'ours']);
    expect(await readdir(join(tree, 'ours'))).toEqual(['__pycache__']);
  });

  it('never touches what is outside, while somebody replaces directories by links a thousand times', async () => {
    const directory = await temporaryDirectory();
    const [tree, outside] = [join(directory, 'tree'), join(directory, 'outside')];
    makeFiles(outside, 50);
    await mkdir(tree);
    const root = await open(directory);
    const attacker = await startAttacker(tree, outside);
    while (!attacker.hasDoneEnough()) {
      const inside = await root.open('tree');
      for (const name of ['d0', 'd1', 'd2', 'd3', 'd4']) {
        await inside?.removeTree(name);
        const write = (made: ForeignDirectory) => made.write('ours', 'ours', { fsync: false });
        await (inside && withMadeDirectory(inside, name, 0o777, write).catch(() => {}));
        await inside?.chmodTree(name, 0o700).catch(() => {});
      }
      await inside?.close();
    }
    await attacker.stop();
    expect(readdirSync(outside)).toHaveLength(50);
    expect(readdirSync(outside)).not.toContain('ours');
    const { stdout } = await run('stat', ['-c', '%a', outside, join(outside, 'file-0')], { env: ENV });
    expect(stdout).toBe('755\n644\n');
  }, 120_000);

  it('comes to an end with its signal where somebody goes on filling it', async () => {
    const directory = await temporaryDirectory();
    await mkdir(join(directory, 'tree'));
    const script = 'i=0; while :; do mkdir -p "$0"; touch "$0/$i"; i=$((i+1)); echo; done 2>/dev/null';
    const filler = spawn('sh', ['-c', script, join(directory, 'tree')], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    let made = 0;
    filler.stdout.on('data', (chunk: Buffer) => (made += chunk.length));
    onTestFinished(() => void filler.kill('SIGKILL'));
    const root = await open(directory);
    const abort = new AbortController();
    const removal = (async () => {
      for (;;) {
        await root.guardedBy(abort.signal).removeTree('tree');
      }
    })();
    await waitFor(() => made > 20);
    abort.abort(new Error('enough'));
    await expect(removal).rejects.toThrow('enough');
    filler.kill('SIGKILL');
    await once(filler, 'close');
  });

  it.runIf(isRoot)('leaves a volume alone that is mounted in it', async () => {
    const directory = await temporaryDirectory();
    await mkdir(join(directory, 'tree/volume'), { recursive: true });
    const program = await bundleProgram(here('remove-as-other.ts'), directory);
    const script =
      'mount -t tmpfs none "$2/tree/volume" && : >"$2/tree/volume/file" && "$0" "$1" "$2" tree && ls "$2/tree/volume"';
    const args = ['-m', 'sh', '-c', script, process.execPath, program, directory];
    const { stdout, stderr } = await tryRun('unshare', args, { env: ENV });
    const kept = [{ path: join(directory, 'tree/volume'), code: 'EXDEV' }];
    expect([stdout, stderr]).toEqual([`${JSON.stringify({ removed: 0, kept })}file\n`, '']);
  });

  it('removes a tree of hundreds of levels with few descriptors', async () => {
    const directory = await temporaryDirectory();
    const script = 'i=0; while [ $i -lt 300 ]; do mkdir d && cd d && : >f || exit 1; i=$((i+1)); done';
    await run('bash', ['-c', script], { env: ENV, cwd: directory });
    const root = await open(directory);
    expect(await root.removeTree('d')).toEqual({ removed: 600, kept: [] });
  });

  it('stops at the abort of its guard', async () => {
    const directory = await temporaryDirectory();
    makeFiles(join(directory, 'tree'), 10);
    const root = await open(directory);
    const reason = new Error('enough');
    await expect(root.guardedBy(AbortSignal.abort(reason)).removeTree('tree')).rejects.toBe(reason);
  });
});

describe('a file system that hangs', () => {
  it.runIf(isRoot)('keeps no operation beyond its signal', async () => {
    const directory = await temporaryDirectory();
    await mkdir(join(directory, 'hung'));
    const program = await bundleProgram(here('hung-mount.ts'), await temporaryDirectory());
    const args = ['-m', process.execPath, program, directory];
    const { stdout } = await run('unshare', args, { env: ENV, timeoutMs: 60_000 });
    if (stdout !== 'cannot mount\n') {
      const expected = { open: 'TimeoutError', stat: 'TimeoutError', removeTree: 'TimeoutError' };
      expect(JSON.parse(stdout)).toEqual(expected);
    }
  });
});
