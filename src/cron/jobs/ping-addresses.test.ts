import { writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { useTempDir } from '../../../test/support/use-temp-dir.ts';
import { createSecrets } from '../../core/log/secrets.ts';
import { fixedZone } from '../../scheduler/time/zone.ts';
import { TEST_RULES } from '../testing/rules.ts';
import { loadJobs } from './load-jobs.ts';

const temp = useTempDir();
const TOKEN = 'canary-0123456789';

/** What a file's reading makes of texts that a job may print. */
async function reading(text: string, env: Record<string, string> = {}, name = 'crontab') {
  const secrets = createSecrets();
  const load = async (content: string) => {
    const file = temp.join(name);
    writeFileSync(file, content);
    const zone = fixedZone('UTC', 0);
    await loadJobs(file, {
      process: { env, secrets },
      rules: TEST_RULES,
      defaultZone: zone,
      lenient: false,
      now: 0,
    });
  };
  await load(text);
  return { load, redact: (said: string) => secrets.redact(said) };
}

const url = (path: string) => `https://hooks.example${path}`;

describe('addresses of pings', () => {
  it.each([
    ['ping', `# pillion: ping=${url(`/p/${TOKEN}`)}\n@daily x\n`, {}, 'crontab'],
    ['on-success', `# pillion: on-success=${url(`/p/${TOKEN}`)}\n@daily x\n`, {}, 'crontab'],
    ['on-failure', `# pillion: on-failure=${url(`/p/${TOKEN}`)}\n@daily x\n`, {}, 'crontab'],
    [
      'a variable of the process',
      '# pillion: ping=$PING\n@daily x\n',
      { PING: url(`/p/${TOKEN}`) },
      'crontab',
    ],
    [
      'a variable of the file',
      `PING=${url(`/p/${TOKEN}`)}\n# pillion: ping=$PING\n@daily x\n`,
      {},
      'crontab',
    ],
    [
      'a YAML file',
      `jobs: [{schedule: '@daily', command: x, on-failure: '${url(`/p/${TOKEN}`)}'}]\n`,
      {},
      'jobs.yaml',
    ],
    [
      'the defaults of a YAML file',
      `defaults: {ping: '${url(`/p/${TOKEN}`)}'}\njobs: [{schedule: '@daily', command: x}]\n`,
      {},
      'jobs.yaml',
    ],
  ])('are secrets from the reading on, whole and in parts: %s', async (_where, text, env, name) => {
    const { redact } = await reading(text, env, name);
    for (const said of [
      `curl ${url(`/p/${TOKEN}`)}`,
      url(`/p/${TOKEN}/start`),
      `POST /p/${TOKEN} HTTP/1.1`,
      `token ${TOKEN}!`,
      encodeURIComponent(url(`/p/${TOKEN}`)),
    ]) {
      expect(redact(said)).toContain('REDACTED');
      expect(redact(said)).not.toContain(TOKEN);
    }
  });

  it('are secrets after another reading too, as are those before', async () => {
    const { load, redact } = await reading(`# pillion: ping=${url('/older-0123456789')}\n@daily x\n`);
    await load(`# pillion: ping=${url('/newer-0123456789')}\n@daily x\n`);
    expect(redact('older-0123456789 newer-0123456789')).toBe('REDACTED REDACTED');
  });

  it('leave names of jobs and what a record says readable', async () => {
    const { redact } = await reading(
      [
        `# pillion: name=nightly ping=${url(`/${TOKEN}/nightly`)}`,
        '@daily x',
        `# pillion: name=a-long-name-of-a-job ping=${url(`/${TOKEN}/a-long-name-of-a-job`)}`,
        '@daily x',
        `# pillion: name=x on-failure=${url('/failure')}`,
        '@daily x\n',
      ].join('\n'),
    );
    expect(['nightly', 'a-long-name-of-a-job', 'failure'].map(redact)).toEqual([
      'nightly',
      'a-long-name-of-a-job',
      'failure',
    ]);
    expect(redact(url('/failure'))).toBe('REDACTED');
    expect(redact(`/${TOKEN}/nightly`)).toBe('REDACTED');
  });

  it('leave ordinary words of jobs and of the log readable, and show no short token', async () => {
    const { redact } = await reading(
      `# pillion: ping=${url('/api/push/Z9x8c7v6b5?status=up&msg=OK&ping=')}\n@daily x\n# pillion: ping=${url('/jobs')}\n@daily x\n`,
    );
    const shown = ['OK', 'GET /api/users 200', '{"jobs":[{"job":"n"}],"status":"up"}', 'GET /jobs'];
    expect(shown.map(redact)).toEqual(shown);
    expect(redact('pushing to Z9x8c7v6b5 now')).toBe('pushing to REDACTED now');
    expect(redact(`to ${url('/jobs')}`)).toBe('to REDACTED');
  });

  it('do not hide a job that gets the name of a segment later', async () => {
    const { load, redact } = await reading(`# pillion: name=a ping=${url(`/${TOKEN}/nightly`)}\n@daily x\n`);
    await load(`# pillion: name=nightly ping=${url(`/${TOKEN}/nightly`)}\n@daily x\n`);
    expect(redact('{"job":"nightly"}')).toBe('{"job":"nightly"}');
  });

  it.each([
    ['a key', `jobs: [{schedule: '@daily', command: x, ping ${url(`/p/${TOKEN}`)}}]`],
    ['an entry', `jobs: ['${url(`/p/${TOKEN}`)}']`],
    ['an alias', `jobs: [{schedule: '@daily', command: x, ping: *${url(`/p/${TOKEN}`)}}]`],
    [
      'a value of another kind',
      `jobs: [{schedule: '@daily', command: x, ping: {a: '${url(`/p/${TOKEN}`)}'}}]`,
    ],
    ['a schedule', `jobs: [{schedule: '${url(`/p/${TOKEN}`)}', command: x}]`],
  ])('are not quoted where %s of YAML is wrong', async (_what, text) => {
    const failed = await reading(text, {}, 'jobs.yaml').then(
      () => undefined,
      (error: Error) => error,
    );
    expect(failed?.message).toMatch(/jobs\.yaml:\d/);
    expect(failed?.message).not.toContain(TOKEN);
  });
});
