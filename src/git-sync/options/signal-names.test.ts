import { describe, expect, it } from 'vitest';
import { complaint, V4, v4 } from '../cli/testing/parse.ts';
import { parseSignal } from './signal-names.ts';

describe('--sync-on-signal', () => {
  it.each(['SIGHUP', 'HUP', '1', '0x1', '01'])('takes %s for SIGHUP', (text) => {
    expect(v4([`--sync-on-signal=${text}`]).syncOnSignal).toBe('SIGHUP');
  });

  it.each([
    ['USR1', 'SIGUSR1'],
    ['12', 'SIGUSR2'],
    ['SIGTERM', 'SIGTERM'],
  ])('takes %s for %s', (text, name) => {
    expect(parseSignal(text)).toBe(name);
  });

  it.each(['0', 'hup', 'sighup', 'SIGNAL', '-1', '999', 'constructor'])('refuses %s', (text) => {
    expect(complaint({ argv: [...V4, `--sync-on-signal=${text}`] })).toBe(
      'invalid flag: --sync-on-signal must be a valid signal name or number',
    );
  });

  it.each(['KILL', '19'])('refuses %s, which no program can handle', (text) => {
    expect(complaint({ argv: [...V4, `--sync-on-signal=${text}`] })).toContain(
      'a signal that a program can handle',
    );
  });

  it('has no signal unless one is asked for', () => {
    expect(v4()).not.toHaveProperty('syncOnSignal');
    expect(v4(['--sync-on-signal='])).not.toHaveProperty('syncOnSignal');
  });
});
