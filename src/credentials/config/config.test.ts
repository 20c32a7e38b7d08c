import { describe, expect, it } from 'vitest';
import { isPillionError } from '../../core/errors.ts';
import { buildCredentials } from './build.ts';
import { type CredentialFlags, credentialFromFlags } from './from-flags.ts';
import { parseConfigFile } from './parse-file.ts';

const context = {
  env: {},
  readFile: () => {
    throw new Error('there is none');
  },
};
const read = async (text: string) => {
  const { settings, entries } = await parseConfigFile(text, 'c.yaml', context);
  // As the helper process hands them over.
  const carried = JSON.parse(JSON.stringify(entries)) as typeof entries;
  return { settings, credentials: buildCredentials(carried, context) };
};
const problem = async (work: () => unknown): Promise<string> => {
  try {
    return `no error: ${JSON.stringify(await work())}`;
  } catch (error) {
    return isPillionError(error) ? `${error.message} | ${error.hint ?? ''}` : `raw ${String(error)}`;
  }
};
const RDS = 'db.c1.eu-west-1.rds.amazonaws.com';
const entry = (lines: string) => `credentials:\n  - ${lines.trim().replaceAll('\n', '\n    ')}\n`;

describe('a configuration file', () => {
  it.each([
    ['a host', `provider: aws-rds\nhost: LONG\nuser: u\noutputs: [raw=/t]`],
    ['a region', `provider: aws-rds\nhost: ${RDS}\nregion: LONG\nuser: u\noutputs: [raw=/t]`],
    ['a program', 'provider: exec\ncommand: [LONG]\noutputs: [raw=/t]'],
    ['a path', 'provider: file\npath: /LONG\nuser: u\noutputs: [raw=/t]'],
    ['a user', 'provider: file\npath: /s\nuser: LONG\noutputs: [raw=/t]'],
    ['a provider', 'provider: LONG'],
    ['an output', 'provider: file\npath: /s\nuser: u\noutputs: [LONG]'],
    ['the path of an output', 'provider: file\npath: /s\nuser: u\noutputs: [raw=/LONG]'],
    [
      'a variable',
      'provider: file\npath: /s\nuser: u\noutputs: [{format: env, path: /t, variables: {A: LONG}}]',
    ],
    [
      'a field',
      'provider: file\npath: /s\nuser: u\noutputs: [{format: template, path: /t, template: "{{ LONG }}"}]',
    ],
    ['a reload', 'provider: file\npath: /s\nuser: u\noutputs: [raw=/t]\nreload: [signal=/LONG]'],
    [
      'the host of a test',
      'provider: file\npath: /s\nuser: u\noutputs: [raw=/t]\ntest-login: {database: d, host: LONG}',
    ],
  ])('with %s of 100 KB is refused, and not repeated whole', async (_what, lines) => {
    const said = await problem(() => read(entry(lines.replace('LONG', 'x'.repeat(100_000)))));
    expect(said).toContain('c.yaml:');
    expect(said.length).toBeLessThan(2000);
  });

  it('with an unknown key of 100 KB is refused at once', { timeout: 5000 }, async () => {
    const said = await problem(() =>
      read(`credentials: [{provider: file, path: /s, "${'x'.repeat(100_000)}": 1}]`),
    );
    expect(said).toContain('unknown key "xxx');
    expect(said.length).toBeLessThan(2000);
  });

  it('holds settings under the names of flags and several credentials', async () => {
    const { settings, credentials } = await read(`
http-bind: ":9090"
credentials:
  - name: orders
    provider: aws-rds
    host: ${RDS}
    user: app
    database: orders
    outputs:
      - pgbouncer=/shared/users.txt,mode=0640
      - { format: pgpass, path: /shared/pgpass }
    reload:
      - pgbouncer=/run/pgbouncer
      - { type: pgbouncer, address: "127.0.0.1:6433", user: admin, password-file: /etc/admin, timeout: 3s }
  - name: report
    provider: exec
    command: [token, --json]
    timeout: 5s
    min-interval: 1s
    outputs: [ { format: raw, path: /shared/token, mode: 0440 } ]
`);
    expect(settings).toEqual({ 'http-bind': ':9090' });
    expect(credentials.map(({ name, source }) => [name, source.provider])).toEqual([
      ['orders', 'aws-rds'],
      ['report', 'exec'],
    ]);
    expect(credentials[0]).toMatchObject({
      source: { region: 'eu-west-1', port: 5432 },
      endpoint: { host: RDS, port: 5432, database: 'orders' },
      outputs: [
        { format: 'pgbouncer', path: '/shared/users.txt', mode: 0o640 },
        { format: 'pgpass', mode: 0o600 },
      ],
      reload: [
        { host: '/run/pgbouncer', port: 6432, user: 'pgbouncer', isProved: true },
        { host: '127.0.0.1', port: 6433, user: 'admin', timeoutMs: 3000 },
      ],
      timeoutMs: 30_000,
    });
    expect(credentials[1]).toMatchObject({ outputs: [{ mode: 0o440 }], rules: { minIntervalMs: 1000 } });
  });

  it.each([
    ['credentials: []', 'at least one credential'],
    ['credential: []', 'credentials is missing'],
    ['- x', 'c.yaml:1:1: this is not a mapping of keys to values'],
    ['credentials: [*a]', 'c.yaml: an alias (*name) is unknown'],
    ['a: [', 'c.yaml:1:'],
    [entry('provider: aws'), 'provider must be one of aws-rds'],
    [entry('provider: aws-rds\nhots: x'), 'c.yaml:3:11: unknown key "hots" | did you mean host?'],
    [entry(`provider: aws-rds\nhost: ${RDS}\noutputs: [raw=/t]`), 'user is missing'],
    [entry(`provider: aws-rds\nhost: db.internal\nuser: u\noutputs: [raw=/t]`), 'region is missing'],
    [
      entry(`provider: aws-rds\nhost: ${RDS}\nregion: eu-west-2\nuser: u\noutputs: [raw=/t]`),
      'which is in eu-west-1',
    ],
    [entry(`provider: aws-rds\nhost: ${RDS}\nuser: u`), 'there is no output'],
    [
      entry(`provider: aws-rds\nhost: ${RDS}\nuser: u\noutputs: [raw=t]`),
      'c.yaml:5:15: the path "t" of raw is not absolute',
    ],
    [entry(`provider: aws-rds\nhost: ${RDS}\nuser: u\noutputs: [xml=/t]`), '"xml=/t" is no FORMAT=PATH'],
    [
      entry(`provider: aws-rds\nhost: ${RDS}\nuser: u\noutputs: [{format: raw, path: t}]`),
      'outputs.0.path must be an absolute path',
    ],
    [
      entry(`provider: aws-rds\nhost: ${RDS}\nuser: u\noutputs: [{format: raw, paths: /t}]`),
      'path is missing',
    ],
    [
      entry(`provider: aws-rds\nhost: ${RDS}\nuser: u\noutputs: [{format: raw, path: /t, mod: 1}]`),
      'unknown key "mod" | did you mean mode?',
    ],
    [
      entry(`provider: aws-rds\nhost: ${RDS}\nuser: u\noutputs: [{format: raw, path: /t, mode: 777}]`),
      'must not make a file executable',
    ],
    [
      entry(`provider: aws-rds\nhost: ${RDS}\nuser: u\noutputs: [{format: pgpass, path: /t, mode: 640}]`),
      'libpq ignores',
    ],
    [
      entry(`provider: aws-rds\nhost: ${RDS}\nuser: u\noutputs: [{format: raw, path: /t, service: x}]`),
      'option of the format pg-service',
    ],
    [
      entry(
        `provider: aws-rds\nhost: ${RDS}\nuser: u\noutputs: [{format: template, path: /t, template: "{{ pw }}"}]`,
      ),
      'unknown field "pw" (at character 1) | known: username, password',
    ],
    [
      entry(`provider: aws-rds\nhost: ${RDS}\nuser: u\noutputs: [{format: template, path: /t}]`),
      'needs template or template-file',
    ],
    [
      entry(
        `provider: aws-rds\nhost: ${RDS}\nuser: u\noutputs: [{format: template, path: /t, template-file: /x}]`,
      ),
      'cannot read /x',
    ],
    [
      entry(
        `provider: aws-rds\nhost: ${RDS}\nuser: u\noutputs: [{format: env, path: /t, variables: {PASS: pw}}]`,
      ),
      'unknown field "pw"',
    ],
    [entry(`provider: aws-rds\nhost: ${RDS}\nuser: u\noutputs: [raw=/t, json=/x/../t]`), 'is written twice'],
    [
      entry(`provider: aws-rds\nhost: ${RDS}\nuser: u\noutputs: [raw=/t]\nreload: [pgbouncer=a b]`),
      '"a b" is no address',
    ],
    [
      entry(`provider: aws-rds\nhost: ${RDS}\nuser: u\noutputs: [raw=/t]\nreload: [sighup=/x]`),
      'no kind of reload',
    ],
    [
      entry(
        `provider: aws-rds\nhost: ${RDS}\nuser: u\noutputs: [raw=/t]\nreload: [{type: signal, signal: KILL}]`,
      ),
      'must be HUP',
    ],
    [
      entry(`provider: aws-rds\nhost: ${RDS}\nuser: u\noutputs: [raw=/t]\nmax-interval: 1s`),
      'max-interval is below',
    ],
    [entry('provider: exec\ncommand: tok\noutputs: [raw=/t]'), 'must be a list: the program'],
    [
      entry('provider: exec\ncommand: [tok]\ntimeout: 0s\noutputs: [raw=/t]'),
      'timeout must be a duration above 0',
    ],
    [entry('provider: http\nurl: ftp://x\nuser: u\noutputs: [raw=/t]'), 'must be a URL with http'],
    [
      entry('provider: http\nurl: http://x\nuser: u\nexpires-at-pointer: /e\noutputs: [raw=/t]'),
      'needs password-pointer',
    ],
    [entry('provider: http\nurl: http://x\nuser: u\ncert-file: /c\noutputs: [raw=/t]'), 'belong together'],
    [
      entry('provider: vault\naddress: http://x\nrole: r\noutputs: [raw=/t]'),
      'token-file or kubernetes-role',
    ],
  ])('that says %j is refused with the place, the reason and what is allowed', async (text, expected) => {
    expect(await problem(() => read(text))).toContain(expected);
  });

  it('takes one userlist for two credentials, and no other file', async () => {
    const two = (second: string) => `credentials:
  - { name: a, provider: exec, command: [x], outputs: ["pgbouncer=/u"] }
  - { name: b, provider: exec, command: [x], outputs: ["${second}"] }`;
    expect((await read(two('pgbouncer=/u'))).credentials).toHaveLength(2);
    expect(await problem(() => read(two('pgbouncer=/u,mode=0640')))).toContain('two modes');
    expect(await problem(() => read(two('raw=/u')))).toContain('written twice');
    expect(await problem(() => read(two('raw=/t').replace('name: b', 'name: a')))).toContain(
      'name "a" is taken',
    );
  });

  it('does not repeat values of wrong keys, which may be secrets', async () => {
    expect(
      await problem(() => read(entry('provider: exec\ncommand: {a: canary}\noutputs: [raw=/t]'))),
    ).not.toContain('canary');
  });
});

describe('the flags of one credential', () => {
  const flags: CredentialFlags = {
    provider: 'aws-rds',
    host: RDS,
    port: 0,
    user: 'app',
    database: '',
    region: '',
    outputs: ['pgbouncer=/shared/users.txt'],
    reload: ['pgbouncer=127.0.0.1:6432'],
    set: [],
    command: [],
  };
  const build = (extra: Partial<CredentialFlags>) =>
    buildCredentials([credentialFromFlags({ ...flags, ...extra }, context)], context)[0];

  it('give the same as the keys of a file', async () => {
    expect(build({ port: 5433, set: ['min-interval=1s', 'profile=ops'] })).toMatchObject({
      name: 'default',
      source: { provider: 'aws-rds', port: 5433, profile: 'ops' },
      rules: { minIntervalMs: 1000 },
    });
    expect(build({ provider: 'exec', host: '', command: ['tok', '-x'] })).toMatchObject({
      source: { command: ['tok', '-x'] },
    });
    expect(build({ provider: 'file', set: ['path=/t'] })).toMatchObject({
      source: { path: '/t', format: 'text' },
    });
  });

  it('that are wrong are refused with what is meant', async () => {
    expect(await problem(() => build({ provider: 'aws-rd' }))).toContain('did you mean aws-rds?');
    expect(await problem(() => build({ provider: 'vault' }))).toContain('address is missing');
    expect(await problem(() => build({ set: ['x'] }))).toContain('KEY=VALUE');
    expect(await problem(() => build({ set: ['regoin=a'] }))).toContain(
      'unknown key "regoin" | did you mean region?',
    );
    expect(await problem(() => build({ outputs: [] }))).toContain('there is no output');
    expect(await problem(() => build({ user: '' }))).toContain('user is missing');
  });
});
