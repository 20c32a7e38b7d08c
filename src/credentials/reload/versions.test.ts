import { describe, expect, it } from 'vitest';
import { parseVersion, passwordLimit, renewsAtReload, scramLimit, versionWarnings } from './versions.ts';

describe('the limit of a password', () => {
  it('is that of the running version', () => {
    const limits = ['1.15.0', '1.16.1', '1.17.0', '1.18.0', '1.24.1', '1.25.2', '1.26.0', '1.26.1', '2.0'];
    expect(limits.map((version) => passwordLimit(version).bytes)).toEqual([
      159, 995, 2047, 2047, 2047, 2047, 65_530, 65_530, 65_530,
    ]);
  });

  it('of an unknown version is the one of those in use, and the advice says how to tell', () => {
    for (const version of ['', 'x', '1.26.0.1', '15.2 (Debian)']) {
      expect(passwordLimit(version)).toMatchObject({
        bytes: 2047,
        advice: expect.stringContaining('pgbouncer-version'),
      });
    }
    expect(parseVersion('1.26')).toEqual([1, 26, 0]);
  });
});

it('a client is checked by SCRAM up to 1,024 bytes before 1.25', () => {
  const versions = ['1.18.0', '1.24.1', '1.25.0', '1.26.1', ''];
  expect(versions.map(scramLimit)).toEqual([1024, 1024, Infinity, Infinity, Infinity]);
});

it('RELOAD renews server connections from 1.15 to 1.18, where they may have TLS', () => {
  const versions = ['1.14.0', '1.15.0', '1.18.0', '1.19.0', '1.24.1', '1.26.1', ''];
  const renewing = versions.filter((version) => renewsAtReload(version, 'require'));
  expect(renewing).toEqual(['1.15.0', '1.18.0']);
  expect(['disable', 'disabled', ''].some((mode) => renewsAtReload('1.18.0', mode))).toBe(false);
});

describe('a pgbouncer with a known hole', () => {
  it('is named where SCRAM may be used, from 1.17.0 to 1.26.0', () => {
    const warned = (version: string, authType = 'scram-sha-256') =>
      versionWarnings(version, authType).length > 0;
    const versions = ['1.16.1', '1.17.0', '1.18.0', '1.24.1', '1.26.0', '1.26.1', ''];
    expect(versions.map((version) => warned(version))).toEqual([false, true, true, true, true, false, false]);
    expect(['trust', 'plain', 'hba', 'md5', ''].map((type) => warned('1.18.0', type))).toEqual([
      false,
      false,
      true,
      true,
      false,
    ]);
  });
});
