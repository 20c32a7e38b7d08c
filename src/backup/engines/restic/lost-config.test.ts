import { mkdir, writeFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { useTempDir } from '../../../../test/support/use-temp-dir.ts';
import type { UnknownReason } from '../../model.ts';
import { unlessConfigIsLost } from './lost-config.ts';

const temp = useTempDir();
const ABSENT: UnknownReason = { kind: 'absent', message: 'no config', hint: undefined };
const ask = (reason: UnknownReason, location = temp.path) =>
  unlessConfigIsLost(reason, { location, shownLocation: location });

describe('a repository without its config', () => {
  it.each(['keys', 'snapshots', 'index', 'data/ab'])('is damaged where there are files in %s', async (at) => {
    await mkdir(temp.join(at), { recursive: true });
    await writeFile(temp.join(`${at}/0123`), 'x');
    expect(await ask(ABSENT)).toMatchObject({ kind: 'damaged' });
    expect(await ask(ABSENT, `local:${temp.path}`)).toMatchObject({ kind: 'damaged' });
  });

  it('is absent where nothing was ever stored, or a server has it', async () => {
    expect(await ask(ABSENT)).toBe(ABSENT);
    await mkdir(temp.join('data/ab'), { recursive: true });
    await mkdir(temp.join('keys'));
    expect(await ask(ABSENT)).toBe(ABSENT);
    await writeFile(temp.join('keys/0123'), 'x');
    expect(await ask(ABSENT, `sftp:host:${temp.path}`)).toBe(ABSENT);
  });

  it('is no reason to say otherwise of one that cannot be opened', async () => {
    await mkdir(temp.join('keys'));
    await writeFile(temp.join('keys/0123'), 'x');
    const denied: UnknownReason = { ...ABSENT, kind: 'denied' };
    expect(await ask(denied)).toBe(denied);
  });
});
