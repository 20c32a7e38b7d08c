import { readFile } from 'node:fs/promises';
import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { rdsToken } from './token.ts';

const vectorFile = v.object({
  client: v.string(),
  vectors: v.array(
    v.object({
      host: v.string(),
      port: v.number(),
      user: v.string(),
      region: v.string(),
      time: v.number(),
      accessKeyId: v.string(),
      secretAccessKey: v.string(),
      sessionToken: v.optional(v.string()),
      token: v.string(),
    }),
  ),
});

const text = await readFile(new URL('./testing/vectors.json', import.meta.url), 'utf8');
const { vectors } = v.parse(vectorFile, JSON.parse(text));

describe('an RDS token', () => {
  it('equals byte for byte what botocore, the library of the AWS CLI, makes in 1,000 random cases', () => {
    expect(vectors).toHaveLength(1000);
    for (const { token, time, accessKeyId, secretAccessKey, sessionToken, ...target } of vectors) {
      const keys = { accessKeyId, secretAccessKey, sessionToken };
      expect(rdsToken({ ...target, at: time, keys })).toBe(token);
    }
  });

  it('has cases with and without a session, with odd names, upper case and the port of HTTPS', () => {
    const has = (test: (vector: (typeof vectors)[number]) => boolean) => vectors.some(test);
    expect(has(({ sessionToken }) => sessionToken === undefined)).toBe(true);
    expect(has(({ sessionToken = '' }) => sessionToken.length > 1600)).toBe(true);
    expect(has(({ user }) => /[äß漢+/%"\\ ]/.test(user))).toBe(true);
    expect(has(({ host }) => /[A-Z]/.test(host))).toBe(true);
    expect(has(({ port }) => port === 443)).toBe(true);
  });

  it('differs with every part of the request', () => {
    const keys = { accessKeyId: 'AKIA0', secretAccessKey: 'secret', sessionToken: 'token' };
    const request = { host: 'db.example', port: 5432, user: 'app', region: 'eu-west-1', at: 0, keys };
    const others = [
      { ...request, host: 'other.example' },
      { ...request, port: 5433 },
      { ...request, user: 'app2' },
      { ...request, region: 'eu-west-2' },
      { ...request, at: 900_000 },
      { ...request, keys: { ...keys, accessKeyId: 'AKIA1' } },
      { ...request, keys: { ...keys, secretAccessKey: 'other' } },
      { ...request, keys: { ...keys, sessionToken: undefined } },
    ];
    const signatures = [request, ...others].map((one) => rdsToken(one).slice(-64));
    expect(new Set(signatures).size).toBe(signatures.length);
  });
});
