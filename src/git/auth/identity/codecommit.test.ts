import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { codecommitPassword, codecommitRegion, codecommitUser } from './codecommit.ts';

interface Vector {
  readonly url: string;
  readonly path: string;
  readonly region: string;
  readonly time: number;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
  readonly username: string;
  readonly password: string;
}

const text = await readFile(new URL('./testing/codecommit-vectors.json', import.meta.url), 'utf8');
const { vectors } = JSON.parse(text) as { vectors: readonly Vector[] };

describe('a login for CodeCommit', () => {
  it("equals what botocore signs with git-remote-codecommit's scheme in 200 random cases", () => {
    expect(vectors).toHaveLength(200);
    for (const { url, path, region, time, username, password, ...keys } of vectors) {
      expect(codecommitUser(keys)).toBe(username);
      expect(codecommitPassword({ url, region, keys }, path, time)).toBe(password);
      expect(codecommitRegion(url)).toBe(region);
    }
  });

  it('is for one path and one time, and knows no port', () => {
    const keys = { accessKeyId: 'AKIA0', secretAccessKey: 'secret' };
    const login = {
      url: 'https://git-codecommit.eu-west-1.amazonaws.com/v1/repos/a',
      region: 'eu-west-1',
      keys,
    };
    const own = codecommitPassword(login, '/v1/repos/a', 0);
    expect(codecommitPassword(login, '/v1/repos/b', 0)).not.toBe(own);
    expect(codecommitPassword(login, '/v1/repos/a', 1000)).not.toBe(own);
    const withPort = { ...login, url: login.url.replace('.com', '.com:443') };
    expect(codecommitPassword(withPort, '/v1/repos/a', 0)).toBe(own);
  });

  it.each([
    ['https://git-codecommit-fips.us-east-2.amazonaws.com/v1/repos/x', 'us-east-2'],
    ['https://vpce-1-2.git-codecommit.us-west-2.vpce.amazonaws.com/v1/repos/x', 'us-west-2'],
    ['https://git-codecommit.eu-west-1.amazonaws.com.evil.example/', undefined],
    ['https://evil-git-codecommit.eu-west-1.amazonaws.com/', undefined],
    ['no url', undefined],
  ])('%s is in %s', (url, region) => {
    expect(codecommitRegion(url)).toBe(region);
  });
});
