import { describe, expect, it } from 'vitest';
import { regionOfEndpoint, sessionAdvice } from './advice.ts';
import { aliasWarning, endpointBehind } from './alias.ts';

const ENDPOINT = 'orders.c1a2b3.eu-west-1.rds.amazonaws.com';

/** Answers as DNS does: the aliases of a name, or an error where it has none. */
const zone =
  (aliases: Readonly<Record<string, readonly string[]>>) =>
  async (name: string): Promise<readonly string[]> => {
    const found = aliases[name];
    if (found === undefined) {
      throw Object.assign(new Error(`queryCname ENODATA ${name}`), { code: 'ENODATA' });
    }
    return found;
  };

describe('the endpoint behind an alias', () => {
  it('is found over several steps, and named in the warning', async () => {
    const found = await endpointBehind('db', zone({ db: ['db.internal'], 'db.internal': [ENDPOINT] }));
    expect(found).toBe(ENDPOINT);
    expect(aliasWarning('db', found)).toContain(`give host: ${ENDPOINT}`);
  });

  it('is unknown for an address, a name without aliases, other services, and names that go in circles', async () => {
    const circle = zone({ a: ['b'], b: ['a'], other: ['x.elb.amazonaws.com'], empty: [] });
    for (const name of ['10.0.0.1', 'a', 'other', 'empty', 'none']) {
      expect(await endpointBehind(name, circle)).toBeUndefined();
    }
    expect(aliasWarning('a', undefined)).toContain('the endpoint that RDS shows');
  });
});

it.each([
  [ENDPOINT, 'eu-west-1'],
  [`${ENDPOINT.toUpperCase()}.`, 'eu-west-1'],
  ['orders.cluster-ro-c1a2b3.us-gov-west-1.rds.amazonaws.com', 'us-gov-west-1'],
  ['pool.proxy-c1a2b3.ap-southeast-2.rds.amazonaws.com', 'ap-southeast-2'],
  ['orders.c1a2b3.cn-north-1.rds.amazonaws.com.cn', 'cn-north-1'],
  ['orders.c1a2b3.eu-west-1.rds.amazonaws.com.example.org', undefined],
  ['eu-west-1.rds.amazonaws.com', undefined],
  ['10.0.0.1', undefined],
])('the region of %s is %s', (host, region) => {
  expect(regionOfEndpoint(host)).toBe(region);
});

it('what AWS says of a session leads to what to do, and a place without any is told apart', () => {
  expect(sessionAdvice('AccessDenied: Not authorized to perform sts:AssumeRoleWithWebIdentity')).toMatch(
    /trust policy/,
  );
  expect(sessionAdvice('ExpiredTokenException: Token expired')).toMatch(/kubelet/);
  expect(sessionAdvice('TimeoutError: socket hang up')).toMatch(/network policies.*hop limit/);
  expect(sessionAdvice('Error: something new')).toMatch(/see the message/);
  expect(
    sessionAdvice('CredentialsProviderError: Could not load credentials from any providers'),
  ).toBeUndefined();
});
