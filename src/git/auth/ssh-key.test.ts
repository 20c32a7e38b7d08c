/** Keys as real ssh-keygen and openssl make them, and what becomes of them in Secrets. */
import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { runProgram } from '../../../test/support/run-program.ts';
import { useTempDir } from '../../../test/support/use-temp-dir.ts';
import { faultOfKey, mendKey } from './ssh-key.ts';

const dir = useTempDir();

async function makeKey(name: string, ...flags: string[]): Promise<string> {
  await runProgram('ssh-keygen', ['-q', '-f', dir.join(name), ...flags]);
  return readFile(dir.join(name), 'utf8');
}

describe('a key as ssh can read it', () => {
  it('has Unix line ends, also at its end, and nothing around it', async () => {
    const key = await makeKey('key', '-t', 'ed25519', '-N', '');
    expect(mendKey(key)).toBe(key);
    for (const broken of [
      key.trimEnd(),
      key.replaceAll('\n', '\r\n'),
      `\uFEFF${key}`,
      `\n  ${key}\n\n`,
      key.replaceAll('\n', '\r'),
    ]) {
      expect(mendKey(broken)).toBe(key);
      expect(faultOfKey(broken)).toBeUndefined();
    }
  });

  it('is left alone when it is none', () => {
    expect(mendKey('anything\r\n')).toBe('anything\r\n');
  });
});

describe('what ssh cannot use', () => {
  it.each([
    ['ed25519', []],
    ['rsa', ['-b', '2048']],
    ['rsa', ['-b', '2048', '-m', 'PEM']],
    ['ecdsa', ['-m', 'PKCS8']],
  ] as const)('is a key of type %s %j with a passphrase, and not one without', async (type, flags) => {
    const open = await makeKey('open', '-t', type, ...flags, '-N', '');
    const locked = await makeKey('locked', '-t', type, ...flags, '-N', 'secret');
    expect(faultOfKey(open)).toBeUndefined();
    expect(faultOfKey(locked)?.problem).toContain('passphrase');
  });

  it('is a public key, a key encoded twice, one without line breaks, something else, nothing', async () => {
    const key = await makeKey('key', '-t', 'ed25519', '-N', '');
    const problem = (text: string) => faultOfKey(text)?.problem;
    expect(problem(await readFile(dir.join('key.pub'), 'utf8'))).toBe('is a public key');
    expect(problem(Buffer.from(key).toString('base64'))).toBe('is encoded in base64 once more');
    expect(problem(key.replaceAll('\n', ' '))).toBe('has lost its line breaks');
    expect(problem('PuTTY-User-Key-File-3: ssh-ed25519\n')).toContain('PuTTY');
    expect(problem('hunter2\n')).toBe('is no private key');
    expect(problem('\n')).toBe('is empty');
  });
});
