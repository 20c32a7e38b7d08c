import { beforeAll, describe, expect, it } from 'vitest';
import type { Authority } from '../certificates/authority-state.ts';
import { makeAuthority, makeLeaf } from '../certificates/x509.lazy.ts';
import { trustFindings } from './certificates.ts';

const NOW = Date.now();
const HOUR = 3_600_000;
const NAME = 'pillion-injector.pillion.svc';
let authority: Authority;
let other: Authority;

beforeAll(async () => {
  [authority, other] = [await makeAuthority(NOW, 24 * HOUR), await makeAuthority(NOW, 24 * HOUR)];
});

const entryOf = (name: string, bundle: string) => ({
  name,
  clientConfig: { caBundle: Buffer.from(bundle).toString('base64') },
});

async function findings(
  bundles: readonly string[],
  leaf: { readonly names?: readonly string[]; readonly lifeMs?: number; readonly now?: number } = {},
  now = NOW,
): Promise<string[]> {
  const { names = [NAME], lifeMs = 12 * HOUR, now: made = NOW } = leaf;
  const { cert } = await makeLeaf({ authority, names, now: made, lifeMs });
  const entries = bundles.map((bundle, at) => entryOf(`entry-${at}`, bundle));
  return trustFindings({ entries, served: [{ by: 'replica-1', pem: cert }], name: NAME, now }).map(
    ({ level, check, message }) => `${level} ${check}: ${message}`,
  );
}

describe('a certificate', () => {
  it('that every entry trusts is good', async () => {
    const all = await findings([authority.cert, `${other.cert}${authority.cert}`]);
    expect(all).toEqual([
      'ok bundle: every one of 2 entries has a caBundle',
      expect.stringMatching(/^ok certificate: replica-1: for pillion-injector\.pillion\.svc/),
    ]);
  });

  it('that one entry does not trust has failed, and the entry is named', async () => {
    const [, second] = await findings([authority.cert, other.cert]);
    expect(second).toMatch(/^failed certificate: replica-1: .*caBundle of entry-1$/);
  });

  it('for another name has failed', async () => {
    const [, second] = await findings([authority.cert], { names: ['other.pillion.svc'] });
    expect(second).toMatch(
      /^failed certificate: .*not for pillion-injector\.pillion\.svc.*other\.pillion\.svc/,
    );
  });

  it('that has ended has failed, and one that nobody replaces is warned of', async () => {
    expect((await findings([authority.cert], {}, NOW + 13 * HOUR))[1]).toMatch(/^failed .*expired/);
    expect((await findings([authority.cert], {}, NOW + 11 * HOUR))[1]).toMatch(
      /^warning .*nobody has replaced/,
    );
  });
});

describe('a caBundle', () => {
  it('that is empty, unreadable or of the past has failed', async () => {
    expect((await findings(['']))[0]).toBe('failed bundle: caBundle of entry-0 is empty');
    const broken = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n';
    expect((await findings([broken]))[0]).toMatch(/holds what is no certificate/);
    expect((await findings([authority.cert], {}, NOW + 48 * HOUR))[0]).toMatch(
      /only certificates that have expired/,
    );
  });
});

describe('a server that shows nothing', () => {
  it('has failed', () => {
    const entries = [entryOf('a', authority.cert)];
    expect(trustFindings({ entries, served: [{ by: 'x', pem: '' }], name: NAME, now: NOW })).toMatchObject([
      { level: 'ok' },
      { level: 'failed', message: 'x shows no certificate' },
    ]);
  });
});
