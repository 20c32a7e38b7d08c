import { describe, expect, it } from 'vitest';
import { complaint, taken, V4, v4 } from '../testing/parse.ts';

const ref = (name: string) => ({ follow: { kind: 'ref', ref: name } });

describe('v3 flags that v4 still takes', () => {
  it.each<[string, string, string | undefined, object, string | undefined]>([
    ['branch', 'main', 'GIT_SYNC_BRANCH', ref('main'), 'setting --ref from deprecated --branch'],
    ['rev', 'v1', 'GIT_SYNC_REV', ref('v1'), 'setting --ref from deprecated --rev'],
    ['dest', 'l', 'GIT_SYNC_DEST', { link: 'l' }, 'setting --link from deprecated --dest'],
    ['wait', '0.5', 'GIT_SYNC_WAIT', { periodMs: 500 }, 'setting --period from deprecated --wait'],
    [
      'timeout',
      '7',
      'GIT_SYNC_TIMEOUT',
      { syncTimeoutMs: 7000 },
      'setting --sync-timeout from deprecated --timeout',
    ],
    [
      'max-sync-failures',
      '3',
      'GIT_SYNC_MAX_SYNC_FAILURES',
      { maxFailures: 3, initMaxFailures: 3 },
      'setting --max-failures from deprecated --max-sync-failures',
    ],
    [
      'sync-hook-command',
      'h',
      'GIT_SYNC_HOOK_COMMAND',
      { exechook: { command: 'h', timeoutMs: 30_000, backoffMs: 3000 } },
      'setting --exechook-command from deprecated --sync-hook-command',
    ],
    ['ssh', 'true', undefined, {}, undefined],
    ['v', '4', undefined, { verbosity: 4 }, undefined],
  ])('--%s=%s and $%s', (flag, value, name, expected, logged) => {
    const messages = logged === undefined ? [] : [logged];
    const byFlag = taken({ argv: [...V4, `--${flag}=${value}`] });
    expect(byFlag.settings).toMatchObject(expected);
    expect(byFlag.notes.stderr).toEqual([expect.stringMatching(`^Flag --${flag} has been deprecated, \\S`)]);
    expect(byFlag.notes.log.map((note) => note.message)).toEqual(messages);
    expect(byFlag.settings.shown).not.toHaveProperty(`--${flag}`);
    if (name !== undefined) {
      const byVariable = taken({ argv: V4, env: { [name]: value } });
      expect(byVariable.settings).toMatchObject(expected);
      expect(byVariable.notes.stderr).toEqual([]);
      expect(byVariable.notes.log.map((note) => note.message)).toEqual(messages);
    }
  });

  it('beat the new flags, even from the environment', () => {
    expect(v4(['--period=60s'], { GIT_SYNC_WAIT: '5' }).periodMs).toBe(5000);
    expect(v4(['--link=new', '--dest=old']).link).toBe('old');
    expect(v4(['--ref=new', '--branch=old'])).toMatchObject(ref('old'));
    expect(v4(['--v=2', '-v=7']).verbosity).toBe(2);
  });

  it('count as not given when they are zero or empty', () => {
    const argv = [
      '--wait=0',
      '--timeout=0',
      '--max-sync-failures=0',
      '--branch=',
      '--rev=',
      '--dest=',
      '--v=-1',
      '-v=3',
    ];
    expect(v4(argv)).toMatchObject({
      periodMs: 10_000,
      syncTimeoutMs: 120_000,
      verbosity: 3,
      ...ref('HEAD'),
    });
  });

  it('cut --wait to whole milliseconds, and then ask for ten of them', () => {
    expect(v4(['--wait=0.0199']).periodMs).toBe(19);
    for (const wait of ['0.009', '-1', 'nan', 'inf', '1e300']) {
      expect(complaint({ argv: [...V4, `--wait=${wait}`] })).toBe(
        'invalid flag: --period must be at least 10ms',
      );
    }
  });

  it('take --branch when --rev is HEAD, and refuse both at once otherwise', () => {
    expect(v4(['--branch=main', '--rev=HEAD'])).toMatchObject(ref('main'));
    expect(complaint({ argv: [...V4, '--branch=main', '--rev=v1'] })).toBe(
      "deprecated flag combo: can't set --ref from deprecated --branch and --rev (one or the other is OK)",
    );
  });

  it('refuse --change-permissions unless it is zero', () => {
    expect(v4(['--change-permissions=0']).changePermissions).toBe(0);
    const message = 'deprecated flag: --change-permissions is no longer supported';
    expect(complaint({ argv: [...V4, '--change-permissions=0755'] })).toBe(message);
    expect(complaint({ argv: V4, env: { GIT_SYNC_PERMISSIONS: '511' } })).toBe(message);
  });

  it('do not read $GIT_SYNC_SSH', () => {
    expect(v4([], { GIT_SYNC_SSH: 'garbage' }).dialect).toBe('v4');
  });
});
