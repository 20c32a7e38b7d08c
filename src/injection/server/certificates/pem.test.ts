import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeTempDir, removeTempDir } from '../../../../test/support/temp.ts';
import { makeAuthority, type TestAuthority } from '../../../core/http/client/fixtures/authority.ts';
import { startProcessorTimer } from '../../../core/testing/linear.ts';
import { pemBlocks, servedOf } from './pem.ts';

let directory = '';
let authority: TestAuthority;
beforeAll(async () => {
  directory = await makeTempDir();
  authority = makeAuthority(directory);
});
afterAll(() => removeTempDir(directory));

describe('servedOf', () => {
  it('takes certificate and key from one text in any order, and tells names and end', () => {
    const { cert, key } = authority.issue('a.example', 'B.example');
    for (const text of [`${key}${cert}`, `words\n${cert}words\n${key}`]) {
      const served = servedOf(text, text);
      expect(served.names).toEqual(['a.example', 'b.example']);
      expect(served.cert.trim()).toBe(cert.trim());
      expect(served.expiresAt).toBeGreaterThan(Date.now());
    }
  });

  it('refuses a key that belongs to another certificate', () => {
    const [first, second] = [authority.issue('a.example'), authority.issue('b.example')];
    expect(() => servedOf(first.cert, second.key)).toThrow('the key belongs to another certificate');
  });

  it.each([
    ['', 'there is no certificate in it'],
    ['-----BEGIN CERTIFICATE-----', 'there is no certificate in it'],
  ])('refuses %j', (text, why) => {
    expect(() => servedOf(text, text)).toThrow(why);
  });

  it('never shows the key in an error', () => {
    const { cert, key } = authority.issue('a.example');
    const broken = key.replace(/[A-Za-z0-9]{8}/, '!!!!!!!!');
    expect(() => servedOf(cert, broken)).toThrow(expect.not.stringContaining(broken.slice(40, 80)));
  });
});

describe('pemBlocks', () => {
  it('is linear in whatever it is given', () => {
    const elapsed = startProcessorTimer();
    pemBlocks('-----BEGIN '.repeat(100_000));
    pemBlocks('-----BEGIN A-----'.repeat(60_000));
    expect(elapsed()).toBeLessThan(2_000);
  });
});
