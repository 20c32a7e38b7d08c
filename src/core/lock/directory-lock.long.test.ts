import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmod,
  lstat,
  lutimes,
  mkdir,
  readdir,
  readFile,
  readlink,
  rm,
  symlink,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import process from 'node:process';
import { setImmediate } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { runProgram, tryProgram } from '../../../test/support/run-program.ts';
import { waitFor } from '../../../test/support/wait-for.ts';
import { readBootId } from './lock-files.ts';

import {
  abortedIn,
  bundleHolder,
  dir,
  PROGRAM,
  PROJECT,
  programsForOthers,
  startHolder,
  take,
  whenWaiting,
} from './testing/lock-scene.ts';

describe('the lock of a directory', () => {
  it('leaves nothing behind when it is released', async () => {
    const { lock } = await take();
    expect((await readdir(dir.path)).sort()).toEqual(['.pillion-lock', `.pillion-lock-${lock.id}.sock`]);
    await lock.release();
    expect(await readdir(dir.path)).toEqual([]);
  });

  it('goes to the next when it is released, who is told once that it waits and for whom', async () => {
    const { lock } = await take();
    const waiting = whenWaiting();
    const next = take(waiting.init);
    expect(await waiting.begun).toBe(lock.id);
    await lock.release();
    expect(await next).toMatchObject({ dead: [] });
    expect(waiting.owners).toEqual([lock.id]);
  });

  it('is waited for across processes', async () => {
    const holder = await startHolder();
    const waiting = whenWaiting();
    const next = take(waiting.init);
    expect(await waiting.begun).toBe(holder.id);
    await holder.release();
    expect(await next).toMatchObject({ dead: [] });
    expect(waiting.owners).toEqual([holder.id]);
  });

  it('that is not to be had in time is an error of the caller, and the one who waited leaves nothing', async () => {
    const { lock } = await take();
    await expect(take({ signal: abortedIn(150) })).rejects.toThrow(`busy: ${lock.id}`);
    expect((await readdir(dir.path)).filter((name) => name.endsWith('.sock'))).toHaveLength(1);
  });

  it('that is given up at any moment while it is taken leaves nothing', async () => {
    for (let turns = 0; turns < 60; turns += 1) {
      const stop = new AbortController();
      const taking = take({ signal: stop.signal });
      taking.catch(() => undefined);
      for (let turn = 0; turn < turns / 2; turn += 1) {
        await setImmediate();
      }
      stop.abort(new Error('enough'));
      await taking.then(({ lock }) => lock.release()).catch(() => undefined);
      expect(await readdir(dir.path)).toEqual([]);
    }
  });

  it('works below a path that is longer than a socket address', async () => {
    const root = dir.join(...Array.from({ length: 10 }, () => 'a-rather-long-name-of-a-directory'));
    await mkdir(root, { recursive: true });
    const { lock } = await take({ path: root });
    await expect(take({ path: root, signal: abortedIn(150) })).rejects.toThrow('busy: ');
    await lock.release();
    await take({ path: root });
  });
});

describe('the lock of an owner that died', () => {
  it('is taken over at once, after its id was handed on', async () => {
    const holder = await startHolder();
    await holder.kill('SIGKILL');
    const { lock, waitedFor, dead } = await take({ signal: abortedIn(5000) });
    expect({ waitedFor, dead }).toEqual({ waitedFor: [], dead: [holder.id] });
    await lock.release();
    expect(await readdir(dir.path)).toEqual([]);
  });

  it('is not taken over from one that is only stopped', async () => {
    const holder = await startHolder();
    await holder.kill('SIGSTOP');
    await expect(take({ signal: abortedIn(400) })).rejects.toThrow('busy: ');
    await holder.kill('SIGCONT');
    await holder.release();
    expect((await take()).dead).toEqual([]);
  });

  it('is dead without a socket, as when only half of it was copied', async () => {
    await symlink('0123456789ab-abcdef', dir.join('.pillion-lock'));
    expect((await take()).dead).toEqual(['0123456789ab-abcdef']);
  });

  it('of another machine counts as living as long as its heart beats, and as dead a minute later', async () => {
    const other = 'ffffffffffff-other';
    await symlink(other, dir.join('.pillion-lock'));
    await writeFile(dir.join(`.pillion-lock-${other}.sock`), '');
    await expect(take({ signal: abortedIn(250) })).rejects.toThrow('busy: ');
    const old = Date.now() / 1000 - 61;
    await utimes(dir.join(`.pillion-lock-${other}.sock`), old, old);
    expect((await take()).dead).toEqual([other]);
  });

  it('names what it likes and removes nothing outside the root', async () => {
    const root = dir.join('root');
    await mkdir(root);
    await writeFile(dir.join('precious.sock'), 'mine');
    await mkdir(`${root}/.pillion-lock-x`);
    await symlink('x/../../precious', `${root}/.pillion-lock`);
    await take({ path: root, signal: abortedIn(5000) });
    expect(await readFile(dir.join('precious.sock'), 'utf8')).toBe('mine');
  });

  it('leaves sockets that the next owner removes, but never those of one who still waits', async () => {
    await writeFile(dir.join('.pillion-lock-dead-0123-old'), '');
    const { lock } = await take();
    const waiting = take();
    await waitFor(async () => (await readdir(dir.path)).length === 3, { what: 'the one who waits' });
    await lock.release();
    const { lock: next } = await waiting;
    expect((await readdir(dir.path)).sort()).toEqual(['.pillion-lock', `.pillion-lock-${next.id}.sock`]);
  });

  it('fails to be taken over when what it left running cannot be ended, and is free for the next try', async () => {
    await symlink('0123456789ab-dead', dir.join('.pillion-lock'));
    const onDeadOwner = () => Promise.reject(new Error('cannot end it'));
    await expect(take({ onDeadOwner })).rejects.toThrow('cannot end it');
    expect((await take()).dead).toEqual(['0123456789ab-dead']);
  });
});

describe('what a neighbour puts in the way', () => {
  it.each(['a file', 'a FIFO', 'a socket', 'a directory'])(
    'does not keep the lock from being taken: %s in its place',
    async (kind) => {
      const path = dir.join('.pillion-lock');
      if (kind === 'a file') {
        await writeFile(path, 'junk');
      } else if (kind === 'a FIFO') {
        await runProgram('mkfifo', [path]);
      } else if (kind === 'a socket') {
        const server = createServer().listen(path);
        onTestFinished(() => void server.close());
        await once(server, 'listening');
      } else {
        await mkdir(path);
        await writeFile(`${path}/precious`, 'mine');
      }
      const { lock } = await take({ signal: abortedIn(5000) });
      expect(await readlink(path)).toBe(lock.id);
      await lock.release();
      const left = await readdir(dir.path);
      expect(left).toEqual(kind === 'a directory' ? [expect.stringContaining('.not-a-lock-')] : []);
    },
  );

  it.each(['FIFO', 'file', 'link'])('is no owner that lives for ever: a %s as its socket', async (kind) => {
    const owner = `${await readBootId()}-planted`;
    const socket = dir.join(`.pillion-lock-${owner}.sock`);
    await symlink(owner, dir.join('.pillion-lock'));
    if (kind === 'FIFO') {
      await runProgram('mkfifo', [socket]);
    } else if (kind === 'link') {
      await symlink('/dev/log', socket);
    } else {
      await writeFile(socket, '');
    }
    const old = Date.now() / 1000 - 61;
    await lutimes(socket, old, old);
    expect((await take({ signal: abortedIn(5000) })).dead).toEqual([owner]);
  });

  it('cannot keep it waiting by locks that come and go without an end', async () => {
    const script = 'while :; do ln -s dead "$0" 2>/dev/null; rm -f "$0"; done';
    const neighbour = spawn('sh', ['-c', script, dir.join('.pillion-lock')], { stdio: 'ignore' });
    onTestFinished(() => void neighbour.kill('SIGKILL'));
    const signal = abortedIn(3000);
    const end = await take({ signal }).then(
      () => 'taken',
      () => 'given up',
    );
    expect(end === 'taken' || signal.aborted).toBe(true);
  });

  it('is dropped when it connects, and the release does not wait for it', async () => {
    const { lock } = await take();
    const socket = dir.join(`.pillion-lock-${lock.id}.sock`);
    expect((await lstat(socket)).mode & 0o777).toBe(0o600);
    const clients = Array.from({ length: 50 }, () => connect(socket));
    clients.forEach((client) => client.on('error', () => {}));
    await Promise.all(clients.map((client) => once(client, 'close')));
    const staying = connect({ path: socket, allowHalfOpen: true }).on('error', () => {});
    onTestFinished(() => void staying.destroy());
    await lock.release();
    expect(await readdir(dir.path)).toEqual([]);
  });

  it.runIf(process.getuid?.() === 0)('of another user cannot connect, nor be kept waiting for', async () => {
    const { lock } = await take();
    const socket = dir.join(`.pillion-lock-${lock.id}.sock`);
    await chmod(dir.path, 0o755);
    const { node } = await programsForOthers();
    const program = `require('net').connect(process.argv[1]).on('error', (e) => console.log(e.code)).on('connect', () => console.log('connected'))`;
    const other = ['--reuid', '65534', '--regid', '65534', '--clear-groups', node, '-e', program, socket];
    const readOnly = 'mount --bind -o ro "$1" "$1" 2>/dev/null; shift; exec setpriv "$@"';
    const { stdout } = await tryProgram('unshare', ['-m', 'sh', '-c', readOnly, 'sh', dir.path, ...other]);
    expect(stdout).toBe('EACCES\n');
    await lock.release();
  });

  it.runIf(process.getuid?.() === 0)(
    'leaves the lock of a dead owner of another user to its heartbeat',
    async () => {
      const owner = `${await readBootId()}-other`;
      await symlink(owner, dir.join('.pillion-lock'));
      const server = createServer().listen(dir.join(`.pillion-lock-${owner}.sock`));
      await once(server, 'listening');
      await runProgram('chmod', ['600', dir.join(`.pillion-lock-${owner}.sock`)]);
      await runProgram('chmod', ['777', dir.path]);
      const { node } = await programsForOthers();
      const args = [
        '--reuid',
        '65534',
        '--regid',
        '65534',
        '--clear-groups',
        node,
        await bundleHolder(),
        'hold',
      ];
      const child = spawn('setpriv', [...args, dir.path], { stdio: ['pipe', 'pipe', 'inherit'] });
      onTestFinished(() => void child.kill('SIGKILL'));
      let said = '';
      child.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()));
      await waitFor(() => said.includes('waits'), { what: 'the other user to wait' });
      const old = Date.now() / 1000 - 61;
      await utimes(dir.join(`.pillion-lock-${owner}.sock`), old, old);
      await waitFor(() => said.includes('holds'), { what: 'the other user to take over' });
      child.stdin.end();
      server.close();
    },
  );
});

describe('several processes on one directory', () => {
  it('never work at the same time', async () => {
    await writeFile(dir.join('count'), '0');
    const workers = Array.from({ length: 3 }, async () =>
      tryProgram(process.execPath, [PROGRAM, 'count', dir.path, '8'], { cwd: PROJECT }),
    );
    const results = await Promise.all(workers);
    expect(results.map(({ code, stderr }) => [code, stderr])).toEqual(
      Array.from({ length: 3 }, () => [0, '']),
    );
    expect(await readFile(dir.join('count'), 'utf8')).toBe('24');
  });

  it('agree on one successor of a dead owner', async () => {
    for (let round = 0; round < 10; round += 1) {
      await symlink(`0123456789ab-dead${round}`, dir.join('.pillion-lock'));
      let holding = 0;
      let most = 0;
      const takers = Array.from({ length: 4 }, async () => {
        const { lock } = await take();
        holding += 1;
        most = Math.max(most, holding);
        // Time for another to take it as well.
        for (let turn = 0; turn < 20; turn += 1) {
          await readdir(dir.path);
        }
        holding -= 1;
        await lock.release();
      });
      await Promise.all(takers);
      expect(most).toBe(1);
      expect(await readdir(dir.path)).toEqual([]);
    }
  });
});

describe('the succession of a dead owner', () => {
  const DEAD = '0123456789ab-dead';
  /** The claims that there are, while somebody takes over from `dead`. */
  async function claimName(dead: string): Promise<string> {
    let name = '';
    await symlink(dead, dir.join('.pillion-lock'));
    const { lock } = await take({
      onDeadOwner: async () => {
        name = (await readdir(dir.path)).find((each) => each.includes('-after-')) ?? '';
      },
    });
    await lock.release();
    expect(await readdir(dir.path)).toEqual([]);
    return name;
  }

  it('goes on where a successor died in the middle', async () => {
    const claims = [await claimName(DEAD), await claimName('0123456789ab-successor')] as const;
    await symlink(DEAD, dir.join('.pillion-lock'));
    await symlink('0123456789ab-successor', dir.join(claims[0]));
    await symlink('0123456789ab-next', dir.join(claims[1]));
    const { lock, dead } = await take({ signal: abortedIn(10_000) });
    expect(dead).toEqual([DEAD]);
    await lock.release();
    expect(await readdir(dir.path)).toEqual([]);
  });

  it('waits for a successor that is at work', async () => {
    const claim = await claimName(DEAD);
    const holder = await startHolder();
    await rm(dir.join('.pillion-lock'));
    await symlink(DEAD, dir.join('.pillion-lock'));
    await symlink(holder.id, dir.join(claim));
    await expect(take({ signal: abortedIn(500) })).rejects.toThrow();
    await holder.kill('SIGKILL');
    expect((await take()).dead).toEqual([DEAD]);
  });

  it.each(['a file', 'a circle of claims'])('is not held up by %s that somebody put there', async (what) => {
    const claim = await claimName(DEAD);
    await symlink(DEAD, dir.join('.pillion-lock'));
    await (what === 'a file' ? writeFile(dir.join(claim), '') : symlink(DEAD, dir.join(claim)));
    expect((await take({ signal: abortedIn(10_000) })).dead).toEqual([DEAD]);
  });
});
