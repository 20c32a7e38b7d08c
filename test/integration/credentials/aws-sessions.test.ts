/** Where pods get AWS sessions: each way of the SDK's chain to a token that RDS takes, and what goes wrong on them. */
import { readFile, writeFile } from 'node:fs/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type PillionResult, runPillion } from '../../support/pillion.ts';
import { type AwsEndpoints, startAwsEndpoints } from '../../support/postgres/aws-endpoints.ts';
import { createRdsVerifier } from '../../support/postgres/rds-verifier.ts';
import { useTempDir } from '../../support/use-temp-dir.ts';
import { waitFor } from '../../support/wait-for.ts';
import { NO_AWS, parseLog, startCredentials } from './support/credentials.ts';

const temp = useTempDir();
const HOST = 'orders.c1a2b3.eu-west-1.rds.amazonaws.com';
const TOKEN = 'token-of-the-pod';
const verifier = createRdsVerifier({ endpoint: `${HOST}:5432`, region: 'eu-west-1' });

/** What the endpoints take. */
let accepted = TOKEN;
let aws: AwsEndpoints;
beforeAll(async () => {
  aws = await startAwsEndpoints({
    keys: verifier.keys,
    token: (given) => given === accepted,
    lifeMs: 3_600_000,
  });
});
afterEach(() => {
  aws.fail(0);
  aws.answerWith(undefined);
  accepted = TOKEN;
  aws.setLife(3_600_000);
});
afterAll(() => aws.stop());

type Env = Readonly<Record<string, string>>;

async function tokenFile(text = TOKEN): Promise<string> {
  await writeFile(temp.join('pod-token'), text);
  return temp.join('pod-token');
}

function oneTime(env: Env, ...flags: string[]): Promise<PillionResult> {
  const source = ['--provider', 'aws-rds', '--host', HOST, '--user', 'app'];
  return runPillion(
    [
      'credentials',
      '--one-time',
      '--retry-for=0s',
      ...source,
      `--output=raw=${temp.join('token')}`,
      ...flags,
    ],
    { env: { ...NO_AWS, ...env } },
  );
}

/** What RDS says to the token that was written: undefined for a good one. */
const refusal = async (): Promise<string | undefined> =>
  verifier.refusal('app', await readFile(temp.join('token'), 'utf8'));

const failureOf = ({ stderr }: PillionResult) =>
  parseLog(stderr.split('\n')).find(({ msg }) => msg === 'cannot write the credential');

describe('a session', () => {
  const staticKeys = () => {
    verifier.keys.set('AKIASTATIC', { secretAccessKey: 'static-secret' });
    return { AWS_ACCESS_KEY_ID: 'AKIASTATIC', AWS_SECRET_ACCESS_KEY: 'static-secret' };
  };

  it.each<[string, () => Env | Promise<Env>]>([
    ['the environment', staticKeys],
    ['EKS Pod Identity', async () => aws.podIdentity(await tokenFile())],
    [
      'EKS Pod Identity, whose token file ends in a line end',
      async () => aws.podIdentity(await tokenFile(`${TOKEN}\n`)),
    ],
    ['ECS, whose token is a variable', () => aws.ecs(TOKEN)],
    ['STS by IRSA', async () => aws.irsa(await tokenFile())],
    [
      'STS by IRSA, whose token file ends in a line end',
      async () => aws.irsa(await tokenFile(`${TOKEN}\r\n`)),
    ],
    ['the instance, which takes version 2 of its metadata service only', () => aws.instance()],
  ])('from %s signs a token that RDS takes', async (_where, env) => {
    const { code, stderr } = await oneTime(await env());
    expect([code, stderr]).toEqual([0, expect.not.stringContaining('"level":"error"')]);
    expect(await refusal()).toBeUndefined();
  });

  it('from a profile of the shared files is the one that profile names', async () => {
    staticKeys();
    const profile = '[ops]\naws_access_key_id = AKIASTATIC\naws_secret_access_key = static-secret\n';
    await writeFile(temp.join('credentials'), profile);
    const env = { AWS_SHARED_CREDENTIALS_FILE: temp.join('credentials') };
    expect((await oneTime(env, '--set', 'profile=ops')).code).toBe(0);
    expect(await refusal()).toBeUndefined();
    expect(failureOf(await oneTime(env, '--set', 'profile=other'))).toMatchObject({
      code: expect.stringMatching(/^aws_session_/),
    });
  });

  it('that ends before a token would gives a token that ends with it', async () => {
    aws.setLife(180_000);
    const { stderr } = await oneTime(aws.ecs(TOKEN));
    const [made] = parseLog(stderr.split('\n')).filter(({ msg }) => msg === 'new credential');
    const left = (Date.parse(String(made?.['expiresAt'])) - Date.now()) / 1000;
    expect(left).toBeLessThanOrEqual(180);
  });

  it('is asked for with the token file of that moment, each time', async () => {
    const running = await startCredentials(
      JSON.stringify({
        credentials: [
          {
            provider: 'aws-rds',
            host: HOST,
            user: 'app',
            'min-interval': '100ms',
            'max-interval': '200ms',
            outputs: [`raw=${temp.join('token')}`],
          },
        ],
      }),
      { env: aws.podIdentity(await tokenFile()) },
    );
    await waitFor(() => running.said('credential delivered').length > 0, { what: 'the first token' });
    accepted = 'rotated';
    await waitFor(() => running.said('cannot get a new credential').length > 0, { what: 'a refusal' });
    await writeFile(temp.join('pod-token'), 'rotated\n');
    const before = running.said('new credential').length;
    await waitFor(() => running.said('new credential').length > before, { what: 'the next token' });
    expect(running.lines().join('\n')).not.toContain('rotated');
  });
});

describe('no session', () => {
  it('anywhere says which ways there are', async () => {
    const failure = failureOf(await oneTime({}));
    expect(failure).toMatchObject({
      code: 'aws_session_missing',
      hint: expect.stringMatching(/Pod Identity.*IRSA.*AWS_ACCESS_KEY_ID/),
    });
  });

  it.each<[string, (file: string) => Env, () => void, RegExp]>([
    [
      'is refused',
      (file) => aws.irsa(file),
      () => {
        accepted = 'another';
      },
      /trust policy|see the message/,
    ],
    [
      'has nobody who listens',
      () => ({ ...aws.ecs(TOKEN), AWS_CONTAINER_CREDENTIALS_FULL_URI: 'http://127.0.0.1:9/' }),
      () => undefined,
      /Pod Identity agent/,
    ],
    ['gets no answer at all', () => aws.ecs(TOKEN), () => aws.fail(-1), /network policies|allow more time/],
    [
      'gets an answer of 10 MB',
      () => aws.ecs(TOKEN),
      () => aws.answerWith('x'.repeat(10_000_000)),
      /something else answers/,
    ],
    [
      'gets a web page',
      () => aws.ecs(TOKEN),
      () => aws.answerWith('<html>canary-page</html>'),
      /something else answers/,
    ],
    ['gets an object without keys', () => aws.ecs(TOKEN), () => aws.answerWith('{"canary-key":1}'), /./],
  ])('that %s names what to look at, and nothing is written', async (what, env, prepare, hint) => {
    prepare();
    const timeout = what === 'gets no answer at all' ? '3s' : '15s';
    const result = await oneTime(env(await tokenFile()), '--set', `timeout=${timeout}`);
    expect(result.code).toBe(1);
    const failure = failureOf(result);
    expect(failure).toMatchObject({
      hint: expect.stringMatching(hint),
      code: expect.stringMatching(/^aws_|^source_/),
    });
    expect(result.stderr).not.toMatch(/canary|xxxx/);
    expect(result.stderr.length).toBeLessThan(10_000);
    await expect(readFile(temp.join('token'))).rejects.toThrow('ENOENT');
  });
});

describe('an answer in the place of AWS', () => {
  const session = (changed: object) =>
    JSON.stringify({
      AccessKeyId: 'ASIACANARY',
      SecretAccessKey: 'canary-secret',
      Token: 'canary-session',
      Expiration: new Date(Date.now() + 3_600_000).toISOString(),
      ...changed,
    });

  it.each([
    ['whose session has ended', { Expiration: '2020-01-01T00:00:00Z' }, /ended \d+ s ago/],
    ['whose session token has 100 kB', { Token: 'canary'.repeat(17_000) }, /longer than 65530 bytes/],
    ['whose keys have a megabyte', { AccessKeyId: 'canary'.repeat(170_000) }, /rds-token failed|longer than/],
  ])('%s is refused without repeating it', async (_what, changed, message) => {
    aws.answerWith(session(changed));
    const result = await oneTime(aws.ecs(TOKEN));
    expect(result.code).toBe(1);
    expect(failureOf(result)?.['error']).toMatch(message);
    expect(result.stderr).not.toMatch(/canary/i);
    await expect(readFile(temp.join('token'))).rejects.toThrow('ENOENT');
  });

  it('with line ends and quotes in its session makes a token that every file can hold', async () => {
    aws.answerWith(session({ Token: 'a\n"b" \'c\'\0' }));
    expect((await oneTime(aws.ecs(TOKEN), `--output=pgbouncer=${temp.join('users.txt')}`)).code).toBe(0);
    expect(await readFile(temp.join('users.txt'), 'utf8')).toMatch(/^"app" "[^"\n\0]+"\n$/);
  });
});

it('a host that is no endpoint of RDS is warned of, with what to give', async () => {
  const { stderr, code } = await oneTime(aws.ecs(TOKEN), '--host=db.internal.invalid', '--region=eu-west-1');
  expect([code, stderr]).toEqual([0, expect.not.stringContaining('no endpoint of RDS')]);
  expect(await refusal()).toContain('it is for db.internal.invalid');
  const running = await startCredentials(
    JSON.stringify({
      credentials: [
        {
          provider: 'aws-rds',
          host: 'db.internal.invalid',
          region: 'eu-west-1',
          user: 'app',
          outputs: [`raw=${temp.join('token')}`],
        },
      ],
    }),
    { env: aws.ecs(TOKEN) },
  );
  const warning = await waitFor(() => running.log().find(({ msg }) => msg.includes('no endpoint of RDS')), {
    what: 'the warning',
  });
  expect(warning.msg).toContain('give host: the endpoint that RDS shows');
});
