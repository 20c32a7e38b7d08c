import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../core/clock.ts';
import { createRecordedLog } from '../../core/testing/recorded-log.ts';
import { waitFor } from '../../core/testing/wait-for.ts';
import { createSshConnection, type SshConnection } from './ssh-connection.ts';

const SOCKET = `ssh-${'a'.repeat(40)}`;
const signal = new AbortController().signal;
let directory: string;
let connection: SshConnection;
let skewMs: number;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'p-'));
  skewMs = 0;
  const clock = { ...systemClock, monotonic: () => systemClock.monotonic() + skewMs };
  const { log } = createRecordedLog();
  const made = createSshConnection({ directory, destination: ['git@host'], keepMs: 60_000, log, clock });
  if (made === undefined) {
    throw new Error(`${directory} has too long a name`);
  }
  connection = made;
});
afterEach(async () => {
  await connection.close();
  rmSync(directory, { recursive: true, force: true });
});

/** Stands for ssh: says that it was started, and does what it is told. */
function fakeSsh(script: string): string {
  const path = join(directory, 'fake');
  writeFileSync(path, `#!/bin/sh\necho started >>'${directory}/starts'\n${script}\n`);
  chmodSync(path, 0o755);
  return path;
}

const KEPT = () => fakeSsh(`: >'${directory}/${SOCKET}'; exec sleep 1000`);
const starts = () => {
  try {
    return readFileSync(join(directory, 'starts'), 'utf8').split('\n').length - 1;
  } catch {
    return 0;
  }
};

async function use(command: string, identity = 'key'): Promise<void> {
  await connection.prepare({ command, env: { PATH: process.env['PATH'] ?? '' }, identity }, signal);
  connection.rest();
}

describe('a connection to an SSH server', () => {
  it('is made at the second use, and then is there for every other', async () => {
    const command = KEPT();
    await use(command);
    expect(starts()).toBe(0);
    for (let time = 0; time < 3; time += 1) {
      await use(command);
      expect(starts()).toBe(1);
    }
  });

  it('is made again for another key, after ten minutes, and when it has ended', async () => {
    const command = KEPT();
    await use(command);
    await use(command);
    await use(command, 'another key');
    expect(starts()).toBe(2);
    for (let minute = 0; minute < 11; minute += 1) {
      skewMs += 59_000;
      await use(command, 'another key');
    }
    expect(starts()).toBe(3);
    const short = fakeSsh(`: >'${directory}/${SOCKET}'; sleep 0.05`);
    await use(short, 'a third');
    await waitFor(
      async () => {
        await use(short, 'a third');
        return starts() >= 5;
      },
      { what: 'a start after the end' },
    );
  });

  it('is not made after a long rest, nor right after a failure', async () => {
    const command = KEPT();
    await use(command);
    skewMs += 60_001;
    await use(command);
    await connection.drop();
    await use(command);
    expect(starts()).toBe(0);
    await use(command);
    expect(starts()).toBe(1);
  });

  it('that cannot be made is no error', async () => {
    const command = fakeSsh('echo refused >&2; exit 255');
    await use(command);
    await use(command);
    expect(starts()).toBe(1);
  });

  it('is given up when the sync is', async () => {
    const command = fakeSsh('exec sleep 1000');
    await use(command);
    const stop = new AbortController();
    const using = connection.prepare(
      { command, env: { PATH: process.env['PATH'] ?? '' }, identity: 'key' },
      stop.signal,
    );
    const outcome = expect(using).rejects.toThrow('enough');
    await waitFor(() => starts() === 1, { what: 'its start' });
    stop.abort(new Error('enough'));
    await outcome;
  });
});
