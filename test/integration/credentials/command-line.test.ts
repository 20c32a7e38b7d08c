/** The command as people use it: one time, check, wrong settings, the end. */
import { chmod, mkdtemp, readFile, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import path from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { listenOnLoopback } from '../../support/listen.ts';
import { runPillion } from '../../support/pillion.ts';
import { tryProgram } from '../../support/run-program.ts';
import { expectNoLeaks, makePlainCanary } from '../../support/secret-canary.ts';
import { useTempDir } from '../../support/use-temp-dir.ts';
import { waitFor } from '../../support/wait-for.ts';
import { NO_AWS, startCredentials, writeConfiguration } from './support/credentials.ts';

const temp = useTempDir();

async function program(script: string): Promise<string> {
  const directory = await mkdtemp(temp.join('program-'));
  const file = path.join(directory, 'token');
  await writeFile(file, `#!/bin/sh\n${script}\n`);
  await chmod(file, 0o755);
  return file;
}

const print = (token: string, expiresIn = 900) =>
  program(`echo '{"username":"app","token":"${token}","expiresIn":${expiresIn}}'`);

describe('--one-time', () => {
  it('tries again what fails, and exits with 0 when all files are there', async () => {
    const counter = temp.join('count');
    const file = await program(
      `echo x >> ${counter}; [ $(wc -l < ${counter}) -lt 3 ] && exit 1; echo '{"token":"t","expiresIn":60}'`,
    );
    const flags = ['--one-time', '--retry-for', '60s', '--provider', 'exec', '--user', 'app'];
    const result = await runPillion([
      'credentials',
      ...flags,
      '--output',
      `raw=${temp.join('raw')}`,
      '--',
      file,
    ]);
    expect(result.code).toBe(0);
    expect(await readFile(temp.join('raw'), 'utf8')).toBe('t');
    expect(result.stderr.match(/cannot write the credential yet/g)).toHaveLength(2);
  });

  it('exits with 1 and the reason when the time is over, and writes nothing', async () => {
    const flags = ['--one-time', '--retry-for', '0s', '--provider', 'aws-rds', '--user', 'app'];
    const target = ['--host', 'db.c1.eu-west-1.rds.amazonaws.com', '--output', `raw=${temp.join('raw')}`];
    const result = await runPillion(['credentials', ...flags, ...target], { env: NO_AWS });
    expect(result.code).toBe(1);
    expect(result.stderr).toMatch(/"code":"aws_session_missing".*Pod Identity/);
    await expect(stat(temp.join('raw'))).rejects.toThrow('ENOENT');
  });

  it('ends at once with a signal', async () => {
    const file = await program('sleep 300');
    const running = await startCredentials(
      JSON.stringify({
        credentials: [
          { provider: 'exec', command: [file], user: 'app', outputs: [`raw=${temp.join('raw')}`] },
        ],
      }),
      { flags: ['--one-time'] },
    );
    await waitFor(() => running.lines().length >= 0 && running.pid > 0, { what: 'the start' });
    running.signal('SIGTERM');
    const { durationMs } = await running.exit;
    expect(durationMs).toBeLessThan(20_000);
  });
});

describe('check', () => {
  it('says what would be done, does none of it, and prints no secret', async () => {
    const canary = makePlainCanary('token');
    const file = await print(canary.value);
    const output = temp.join('users.txt');
    const reloads = [
      { type: 'signal', process: 'no-such-program' },
      { type: 'command', command: ['touch', temp.join('reloaded')] },
    ];
    const entry = { provider: 'exec', command: [file], outputs: [`pgbouncer=${output}`], reload: reloads };
    const configuration = await writeConfiguration(JSON.stringify({ credentials: [entry] }));
    const result = await runPillion(['credentials', 'check', '--config', configuration]);
    expect(result.code).toBe(0);
    expect(result.stdout).toMatch(/ok +source exec: user app, \d+ bytes, good for \d+ s more/);
    expect(result.stdout).toMatch(/ok +output pgbouncer .*: would be made, mode 0600/);
    expect(result.stdout).toContain('runs nowhere that this can see');
    await expect(stat(output)).rejects.toThrow('ENOENT');
    await expect(stat(temp.join('reloaded'))).rejects.toThrow('ENOENT');
    expectNoLeaks([canary], { stdout: result.stdout, stderr: result.stderr });
  });

  it('fails with what to do when something would not work', async () => {
    const file = await print('x'.repeat(3000));
    const flags = ['--provider', 'exec', '--output', `pgbouncer=${temp.join('users.txt')}`];
    const reload = ['--reload', 'pgbouncer=127.0.0.1:1'];
    const result = await runPillion(['credentials', 'check', ...flags, ...reload, '--', file]);
    expect(result.code).toBe(1);
    expect(result.stdout).toMatch(/FAIL +output pgbouncer .*3000 bytes.*\n +try: give pgbouncer-version/);
    expect(result.stdout).toMatch(/FAIL +reload pgbouncer 127\.0\.0\.1:1: .*ECONNREFUSED/);
  });
});

describe('a wrong command line', () => {
  it.each([
    [[], 'there is no credential'],
    [['--provider', 'aws'], 'did you mean aws-rds?'],
    [['--config', '/nonexistent'], 'cannot read /nonexistent'],
    [['--config', '/x', '--provider', 'gcp'], '--provider and --config cannot be used together'],
    [['--outptu', 'x'], 'did you mean --output?'],
    [['--provider', 'file', '--set', 'path=/x', '--output', 'raw=/y'], 'user is missing'],
  ])('%j ends with 2 and says what is meant', async (args, message) => {
    const result = await runPillion(['credentials', ...args]);
    expect(result.code).toBe(2);
    expect(result.stderr).toContain(message);
  });

  it('a key of one credential at the top of the file is no setting of the process', async () => {
    const entry = { provider: 'exec', command: ['x'], outputs: ['raw=/x'] };
    const file = await writeConfiguration(JSON.stringify({ host: 'x', credentials: [entry] }));
    const result = await runPillion(['credentials', '--config', file]);
    expect([result.code, result.stderr]).toEqual([2, expect.stringContaining('unknown key "host"')]);
  });
});

describe('secrets', () => {
  it('are in no log line, error, metric, status, argument or environment, whatever goes wrong', async () => {
    const token = makePlainCanary('token');
    const bearer = makePlainCanary('bearer');
    const next = makePlainCanary('next');
    await writeFile(temp.join('bearer'), `${bearer.value}\n`);
    let answers = 0;
    const server = createServer((request, response) => {
      answers += 1;
      const isTarget = request.url === '/reload';
      const isBad = answers % 3 === 0;
      const body = isBad
        ? `{"broken ${token.value}`
        : `{"t":"${answers < 4 ? token.value : next.value}","e":4}`;
      response.writeHead(isTarget ? 500 : 200).end(isTarget ? `no: ${token.value} ${bearer.value}` : body);
    });
    const { port, down } = await listenOnLoopback(server);
    onTestFinished(down);
    const seen = temp.join('environment');
    // What a hook can see of itself and of its parent.
    const hook = `{ env; cat /proc/self/cmdline /proc/$PPID/cmdline /proc/$PPID/environ; } >> ${seen}; cat ${temp.join('json')} >&2; exit 1`;
    const running = await startCredentials(
      JSON.stringify({
        'http-bind': '127.0.0.1:0',
        credentials: [
          {
            provider: 'http',
            url: `http://127.0.0.1:${port}/token?secret=${bearer.value}`,
            'bearer-file': temp.join('bearer'),
            'password-pointer': '/t',
            'expires-in-pointer': '/e',
            user: 'app',
            'min-interval': '300ms',
            outputs: [`json=${temp.join('json')}`, `pgbouncer=${temp.join('users.txt')}`],
            reload: [{ type: 'command', command: ['sh', '-c', hook] }],
          },
          {
            name: 'second',
            provider: 'file',
            path: temp.join('json'),
            format: 'json',
            outputs: [`raw=${temp.join('raw')}`],
            reload: [
              { type: 'http', url: `http://127.0.0.1:${port}/reload`, 'bearer-file': temp.join('bearer') },
            ],
          },
        ],
      }),
      { flags: ['-v', '9'] },
    );
    await waitFor(() => running.said('cannot get a new credential').length > 1, {
      what: 'failures of the source',
    });
    await waitFor(() => running.said('cannot deliver the credential').length > 3, {
      what: 'failures of reloads',
    });
    await waitFor(async () => (await readFile(temp.join('users.txt'), 'utf8')).includes(next.value), {
      what: 'the second token',
    });
    const [status, metrics, ready] = await Promise.all(['/status', '/metrics', '/readyz'].map(running.get));
    await running.stop();
    expectNoLeaks([token, bearer, next], {
      log: running.lines().join('\n'),
      status: status?.body ?? '',
      metrics: metrics?.body ?? '',
      ready: ready?.body ?? '',
      environment: await readFile(seen, 'latin1'),
    });
    expect(running.lines().join('\n')).toContain('REDACTED');
  });
});

describe('a file that was written', () => {
  const password = 'a:b\\c"d$e f#g%h=i';

  async function written(format: string, mode = ''): Promise<string> {
    const file = temp.join(format);
    const source = temp.join('secret');
    await writeFile(source, `${password}\n`);
    const flags = ['--one-time', '--provider', 'file', '--set', `path=${source}`, '--user', 'app'];
    const result = await runPillion(['credentials', ...flags, '--output', `${format}=${file}${mode}`]);
    expect(result.stderr).not.toContain('"level":"error"');
    return file;
  }

  it('is read by a shell as it is: env', async () => {
    const file = await written('env');
    const { stdout } = await tryProgram('sh', ['-c', `. ${file}; printf %s "$PGPASSWORD"`]);
    expect(stdout).toBe(password);
  });

  it('is read by a client of MySQL as it is: mysql', async () => {
    const file = await written('mysql');
    const { stdout } = await tryProgram('my_print_defaults', [`--defaults-file=${file}`, 'client']);
    expect(stdout.split('\n')).toEqual([
      '--user=app',
      `--password=${password}`,
      '--enable-cleartext-plugin',
      '',
    ]);
  });

  it('is read by a JSON parser as it is: json', async () => {
    const found = JSON.parse(await readFile(await written('json'), 'utf8')) as { password: string };
    expect(found.password).toBe(password);
  });
});
