import { mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isDeepStrictEqual } from 'node:util';
import jsonPatch, { type Operation } from 'fast-json-patch';
import { describe, expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { runPillion } from '../../support/pillion.ts';
import { runProgram, tryProgram } from '../../support/run-program.ts';
import { useTempDir } from '../../support/use-temp-dir.ts';
import { NO_AWS } from '../credentials/support/credentials.ts';

const CORPUS = fileURLToPath(new URL('corpus', import.meta.url));
const temp = useTempDir();

const inject = (args: readonly string[], input = '') => runPillion(['inject', ...args], { input });

async function corpus(): Promise<{ name: string; text: string }[]> {
  const names = await readdir(CORPUS);
  return Promise.all(
    names.toSorted().map(async (name) => ({ name, text: await readFile(join(CORPUS, name), 'utf8') })),
  );
}

const plain = new Map<string, ReturnType<typeof inject>>();
/** What becomes of a text without a flag: several tests go by it. */
function injected(text: string): ReturnType<typeof inject> {
  const run = plain.get(text) ?? inject([], text);
  plain.set(text, run);
  return run;
}

/** Documents that can be read, as values. */
const values = (text: string) =>
  parseAllDocuments(text, { version: '1.1' }).map((document) => document.toJS() as unknown);

describe('every manifest of the corpus', () => {
  test('is injected once and for all, keeps every document, and is the same to the byte when it is taken out', async () => {
    for (const { name, text } of await corpus()) {
      const once = await injected(text);
      expect(once, name).toMatchObject({ code: 0 });
      expect(values(once.stdout), name).toHaveLength(values(text).length);
      const twice = await inject(['-f', '-'], once.stdout);
      expect(twice.stdout, name).toBe(once.stdout);
      const back = await inject(['--uninject'], once.stdout);
      expect(back.stdout, name).toBe(text);
    }
  });

  test('is one stream when the folder is named, in the order of its names', async () => {
    const whole = await inject(['-f', CORPUS]);
    const each = await Promise.all(
      (await corpus()).map(async ({ text }) => values((await injected(text)).stdout)),
    );
    expect(values(whole.stdout)).toEqual(each.flat());
  });

  test('is explained, each workload with its reason', async () => {
    const { code, stdout } = await inject(['explain', '-f', CORPUS]);
    expect(code).toBe(0);
    for (const word of [
      'changed (injected)',
      'unchanged (windows)',
      'unchanged (host-network)',
      'unchanged (system-namespace)',
      'unchanged (opted-out)',
    ]) {
      expect(stdout).toContain(word);
    }
  });
});

/** The first container that was put into a manifest. */
async function putInto(manifest: string): Promise<{ readonly args: readonly string[] }> {
  const { stdout } = await inject(['-o', 'json'], manifest);
  const { spec } = JSON.parse(stdout) as { spec: { initContainers: { args: string[] }[] } };
  return spec.initContainers[0] ?? { args: [] };
}

describe('the profile credentials', () => {
  const host = 'orders.c1.eu-west-1.rds.amazonaws.com';
  const asking = (more: Readonly<Record<string, string>>) =>
    JSON.stringify({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: {
        name: 'pod',
        annotations: Object.fromEntries([
          ['pillion.dev/inject', 'credentials'],
          ...Object.entries({ host, user: 'app_iam', ...more }).map(([name, value]) => [
            `pillion.dev/credentials.${name}`,
            value,
          ]),
        ]) as Record<string, string>,
      },
      spec: { containers: [{ name: 'web', image: 'web' }] },
    });

  test.each([
    {},
    { secret: 'users', region: 'eu-west-1', database: 'orders' },
    { secret: 'users', reload: 'console' },
    { reload: 'none', port: '5433' },
    { provider: 'gcp' },
    { provider: 'azure' },
    ...['pgpass', 'pg-service', 'mysql', 'env', 'json', 'raw'].map((output) => ({ output })),
  ])('gives the command a line that it takes: %j', async (more) => {
    const [, ...flags] = (await putInto(asking(more))).args;
    const nowhere = 'provider' in more ? ['--set=metadata-url=http://127.0.0.1:1'] : [];
    // Nobody answers here, so the source is what fails: a line that it does not take would be an exit code of 2.
    const { code, stdout, stderr } = await runPillion(['credentials', 'check', ...flags, ...nowhere], {
      env: { ...NO_AWS, AZURE_FEDERATED_TOKEN_FILE: undefined },
    });
    expect({ code, stderr }).toEqual({ code: 1, stderr: '' });
    expect(stdout).toMatch(/FAIL .*source/);
  });
});

describe('pillion inject', () => {
  const deployment = () => readFile(join(CORPUS, 'deployment.yaml'), 'utf8');

  test('prints nothing but what is wrong, with its file and line, and exits with 1', async () => {
    const file = join(temp.path, 'bad.yaml');
    await writeFile(file, (await deployment()).replace('/templates\n', 'templates\n'));
    const { code, stdout, stderr } = await inject(['-f', file, '-f', CORPUS]);
    expect(code).toBe(1);
    expect(stdout).toBe('');
    expect(stderr).toContain(
      `${file}:18: Deployment test: pillion.dev/git-sync.mount: "templates" must be an absolute path without .. or //, such as /data (bad-value)`,
    );
  });

  test('shows a diff that patch(1) understands', async () => {
    const { code, stdout } = await inject(['--diff'], await deployment());
    expect(code).toBe(0);
    const changed = stdout.split('\n').filter((line) => /^[+-](?![+-]{2} )/.test(line));
    expect(changed.every((line) => line.startsWith('+'))).toBe(true);
    expect(stdout).toContain('+      - name: pillion-git-sync');
  });

  test('shows a diff of a stream that patch(1) applies to the letter, wherever its documents end', async () => {
    const one = await deployment();
    const texts = [
      ...(await corpus()).map(({ text }) => text),
      `${one}---\n---\n\n---\n# nothing\n---\n${one}`,
      `${one}---\n${one}---\n${one}`.trimEnd(),
      `kind: Pod\nmetadata: {annotations: {pillion.dev/inject: label}}\nspec: {containers: [{name: a}]}\n---\n${one}---\na: 1`,
    ];
    const file = join(temp.path, 'stream.yaml');
    for (const text of texts) {
      await writeFile(file, text);
      const { stdout } = await inject(['--diff', '-f', file]);
      const args = ['--batch', '--binary', '--silent', '--fuzz=0', file];
      await runProgram('patch', args, { input: stdout });
      expect(await readFile(file, 'utf8')).toBe((await injected(text)).stdout);
    }
  });

  test('shows for machines the JSON patch of each workload, which gives the same documents', async () => {
    const one = await deployment();
    const stale = (await inject(['--image=registry.example/pillion:old'], one)).stdout;
    const list = `apiVersion: v1\nkind: List\nitems:\n${[one, one.replace('name: test', 'name: other')]
      .map((text) => `- ${text.trimEnd().replaceAll('\n', '\n  ')}\n`)
      .join('')}`;
    const files = [
      ...(await corpus()).map(({ text }) => text),
      stale,
      list,
      `${one}---\n${stale}---\nkind: ConfigMap\n`,
      '',
    ];
    const file = join(temp.path, 'stream.yaml');
    for (const text of files) {
      await writeFile(file, text);
      const { code, stdout } = await inject(['--diff', '-o', 'json', '-f', file]);
      expect(code).toBe(0);
      const records = JSON.parse(stdout) as { file: string; line: number; patch: Operation[] }[];
      expect(new Set(records.map((record) => record.file)).size).toBeLessThanOrEqual(1);
      const after = values((await injected(text)).stdout);
      const before = values(text);
      const changed = before.filter((document, at) => !isDeepStrictEqual(document, after[at]));
      const lines = [...new Set(records.map(({ line }) => line))];
      expect(lines).toHaveLength(changed.length);
      for (const [at, line] of lines.entries()) {
        const patch = records.filter((record) => record.line === line).flatMap((record) => record.patch);
        jsonPatch.applyPatch(changed[at], patch, true);
      }
      expect(before).toEqual(after);
    }
    await writeFile(file, list);
    const { stdout } = await inject(['--diff', '-o', 'json', '-f', file]);
    const head = { file, line: 1, kind: 'Deployment' };
    expect(JSON.parse(stdout)).toMatchObject([
      { ...head, name: 'test' },
      { ...head, name: 'other' },
    ]);
    expect(stdout).toContain('"path": "/items/1/spec/template/');
  });

  test('keeps to the images that are allowed, and names the line that asks', async () => {
    const allowed = await inject(['--allow-image=registry.example/pillion'], await deployment());
    expect(allowed.stdout).toBe((await inject([], await deployment())).stdout);
    for (const args of [
      ['--allow-image=registry.example/pill', '--allow-image=nginx'],
      ['inject', 'explain'],
    ]) {
      const isExplain = args[0] === 'inject';
      const file = join(temp.path, 'deployment.yaml');
      await writeFile(file, await deployment());
      const { code, stdout, stderr } = isExplain
        ? await runPillion(['inject', 'explain', '-f', file], {
            env: { PILLION_INJECT_ALLOW_IMAGE: 'registry.example/pill,nginx' },
          })
        : await inject([...args, '-f', file]);
      expect(code).toBe(1);
      expect(isExplain ? stdout : stderr).toMatch(
        /deployment\.yaml:\d+: Deployment test: .*git-sync: the image "registry\.example\/pillion:[^"]+" may not be used here; allowed are registry\.example\/pill, nginx/,
      );
      expect(stdout).not.toContain('kind: Deployment');
    }
  });

  test('prints one object, or a List, as JSON', async () => {
    const one = await inject(['-o', 'json'], await deployment());
    expect(JSON.parse(one.stdout)).toMatchObject({ kind: 'Deployment' });
    const many = await inject(['-o', 'json', '-f', join(CORPUS, 'replicas.yaml')]);
    expect(JSON.parse(many.stdout)).toMatchObject({ kind: 'List', items: [{}, {}, {}] });
  });

  test('writes nothing that an older cluster does not know', async () => {
    const { stdout } = await inject(['--kubernetes', '1.27'], await deployment());
    expect(stdout).toContain('- --one-time');
    expect(stdout).not.toContain('restartPolicy: Always');
  });

  test('takes profiles of its own from a folder, and says where one is wrong', async () => {
    const profile = (args: string) =>
      `# mine\napiVersion: pillion.dev/v1\nkind: InjectionProfile\nmetadata: {name: probe}\nspec:\n  container:\n    name: probe-\${instance}\n    image: registry.example/probe:1\n    args: ${args}\n`;
    const file = join(temp.path, 'probe.yaml');
    const asking =
      'kind: Pod\nmetadata: {annotations: {pillion.dev/inject: probe}}\nspec: {containers: [{name: a}]}\n';
    await writeFile(file, profile('[--all]'));
    const good = await inject(['--profiles', temp.path], asking);
    expect(good.stdout).toContain('"name": "probe-probe"');
    await writeFile(file, profile('all'));
    const bad = await inject(['--profiles', temp.path], asking);
    expect(bad).toMatchObject({ code: 1, stdout: '' });
    expect(bad.stderr).toContain(`${file}:9: spec.container.args: must be a list`);
  });

  test.each([
    [['--kubernetes', 'new'], 'must be a version of Kubernetes'],
    [['--image', 'a b'], 'must be the reference of an image'],
    [['explian'], 'did you mean pillion inject explain?'],
    [['--uninject', '--diff'], 'exclude each other'],
    [['--profil=x'], 'did you mean --profiles?'],
    [['--allow-image=*'], '"*" must be a registry, a repository'],
    [['--allow-image='], 'must be a registry'],
  ])('%j is a wrong command line', async (args, words) => {
    const { code, stderr } = await inject(args);
    expect(code).toBe(2);
    expect(stderr).toContain(words);
  });

  test('a file that is not there is reported', async () => {
    const { code, stderr } = await inject(['-f', join(temp.path, 'none.yaml')]);
    expect(code).toBe(1);
    expect(stderr).toContain('none.yaml: ENOENT');
  });

  test('of a folder only files are read, each once: no pipe is waited for, and no link to a folder followed', async () => {
    const folder = join(temp.path, 'folder');
    await mkdir(join(folder, '..2026_11', 'inner.yaml'), { recursive: true });
    await mkdir(join(folder, 'also.yaml'));
    await writeFile(join(folder, '..2026_11', 'app.yaml'), await deployment());
    await symlink('..2026_11', join(folder, '..data'));
    await symlink('..data/app.yaml', join(folder, 'app.yaml'));
    await symlink('..', join(folder, 'around'));
    await symlink('nowhere', join(folder, 'nowhere'));
    await runProgram('mkfifo', [join(folder, 'pipe.yaml')]);
    const { code, stdout } = await inject(['-f', folder]);
    expect(code).toBe(0);
    expect(stdout).toBe((await inject([], await deployment())).stdout);
  });

  test('what is no UTF-8 is refused with its line, since it would not come out as it went in', async () => {
    const file = join(temp.path, 'latin.yaml');
    await writeFile(file, Buffer.from('kind: ConfigMap\ndata: {a: caf\xe9}\n', 'latin1'));
    const { code, stdout, stderr } = await inject(['-f', file]);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toContain(`${file}:2: no UTF-8`);
  });

  test('JSON has the values that kubectl reads, with all their digits', async () => {
    const { stdout } = await inject(
      ['-o', 'json'],
      'kind: Odd\ndata: {at: 02:30, on: 2026-01-01, big: 12345678901234567890, mode: 0o644}\n',
    );
    expect(stdout.replaceAll(/\s/g, '')).toBe(
      '{"kind":"Odd","data":{"at":"02:30","true":"2026-01-01","big":12345678901234567890,"mode":420}}',
    );
  });

  test('lists profiles with parameters, types and defaults, and prints one to start from', async () => {
    const all = await inject(['profiles']);
    expect(all.code).toBe(0);
    for (const name of ['git-sync', 'cron', 'restore', 'backup', 'credentials', 'label', 'ca-bundle']) {
      expect(all.stdout).toMatch(new RegExp(`^${name} \\(.*built in\\)$`, 'm'));
    }
    expect(all.stdout).toContain('pillion.dev/git-sync.repo: url, required');
    expect(all.stdout).toContain('pillion.dev/git-sync.period: duration, default 30s');
    const source = await inject(['profiles', 'git-sync', '-o', 'yaml']);
    const file = join(temp.path, 'git-sync.yaml');
    await writeFile(file, source.stdout);
    // One's own of the same words is the same profile.
    const own = await inject(['--profiles', file], await deployment());
    expect(own.stdout).toBe((await inject([], await deployment())).stdout);
    const json = await inject(['profiles', 'label', '-o', 'json']);
    expect(JSON.parse(json.stdout)).toMatchObject([
      { kind: 'InjectionProfile', metadata: { name: 'label' } },
    ]);
    const schema = await inject(['profiles', '-o', 'schema']);
    expect(JSON.parse(schema.stdout)).toMatchObject({ title: 'Pillion injection profile' });
    const slip = await inject(['profiles', 'git-snyc']);
    expect(slip).toMatchObject({ code: 2, stdout: '' });
    expect(slip.stderr).toContain('did you mean git-sync?');
  });

  test('the demo shows all of it in less than two seconds of work', async () => {
    const timed = 'TIMEFORMAT="%U %S"; time node scripts/demo-inject.ts';
    const { code, stdout, stderr } = await tryProgram('bash', ['-c', timed]);
    expect(code).toBe(0);
    expect(stdout).toContain('uninject(inject(x)) = x');
    expect(stdout).toContain('did you mean git-sync?');
    const [user = Number.NaN, system = Number.NaN] = stderr.trim().split(' ').map(Number);
    expect(user + system).toBeLessThan(2);
  });

  test('a thousand Deployments take a moment and little memory', async () => {
    const one = await deployment();
    const stream = Array.from({ length: 1_000 }, (_, at) =>
      one.replaceAll('name: test', `name: test-${at}`),
    ).join('---\n');
    const { code, stdout } = await inject([], stream);
    expect(code).toBe(0);
    expect(stdout.match(/restartPolicy: Always/g)).toHaveLength(1_000);
  });
});
