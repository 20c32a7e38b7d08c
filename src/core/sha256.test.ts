import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { sha256, startSha256 } from './sha256.ts';

// FIPS 180-2, appendix B.1.
const ABC = 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad';

it('is the one that everybody knows, at once or in pieces', () => {
  expect(sha256('abc')).toBe(ABC);
  expect(startSha256().update('a').update('bc').digest('hex')).toBe(ABC);
  expect(sha256('é')).toBe(startSha256().update(Buffer.from('é', 'utf8')).digest('hex'));
});

// With --eval Node loads it by itself.
it('loads node:crypto when something is hashed, and not before', () => {
  const directory = mkdtempSync(join(tmpdir(), 'pillion-sha256-'));
  const script = join(directory, 'script.cjs');
  writeFileSync(
    script,
    `const { sha256 } = require(${JSON.stringify(join(import.meta.dirname, 'sha256.ts'))});
    const isLoaded = () => process.moduleLoadList.includes('NativeModule crypto');
    console.log([isLoaded(), sha256('abc').length, isLoaded()].join());`,
  );
  try {
    expect(execFileSync(process.execPath, [script], { encoding: 'utf8' }).trim()).toBe('false,64,true');
  } finally {
    rmSync(directory, { recursive: true });
  }
});
