/** What `pillion inject` reads, and that it comes to an end. */
import { mkdir, truncate, writeFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { folderSource } from '../../../src/injection/server/profiles/sources.ts';
import { runPillion } from '../../support/pillion.ts';
import { runProgram } from '../../support/run-program.ts';
import { useTempDir } from '../../support/use-temp-dir.ts';
import { ASKS, podOf } from './support/injector.ts';

const temp = useTempDir();
const inject = (args: readonly string[], input = '') =>
  runPillion(['inject', ...args], { input, cwd: temp.path });

const profile = (name: string, spec = '{labels: {a: b}}') =>
  `apiVersion: pillion.dev/v1\nkind: InjectionProfile\nmetadata: {name: ${name}}\nspec: ${spec}\n`;

describe('manifests', () => {
  test('without an end, or of more than 64 MiB, end with an error', async () => {
    const zero = await inject(['-f', '/dev/zero']);
    expect(zero).toMatchObject({ code: 1, stdout: '' });
    expect(zero.stderr).toMatch(
      /^pillion: cannot read \/dev\/zero: it has more than 64 MiB\n {2}try: .* -f, /,
    );
    const piped = await inject([], '#'.repeat((64 << 20) + 1));
    expect(piped).toMatchObject({ code: 1, stdout: '' });
    expect(piped.stderr).toContain('cannot read standard input: it has more than 64 MiB');
  });

  test('in a pipe are read, and one that nobody writes to is not waited for', async () => {
    await runProgram('mkfifo', [temp.join('pipe')]);
    const nobody = await inject(['-f', 'pipe']);
    expect(nobody).toMatchObject({ code: 1, stdout: '' });
    expect(nobody.stderr).toContain('cannot read pipe: it is a pipe, and nothing came out of it');
    const writer = runProgram('sh', ['-c', 'printf "a: 1\\n" > "$0"', temp.join('pipe')]);
    // It opens the pipe when this one does.
    const read = inject(['-f', 'pipe']);
    await writer;
    expect(await read).toMatchObject({ code: 0 });
  });

  test('that come in by standard input are called so everywhere', async () => {
    const { stdout } = await inject(['--diff', '-o', 'json'], JSON.stringify(podOf(ASKS)));
    expect(JSON.parse(stdout)).toMatchObject([{ file: 'standard input', kind: 'Pod' }]);
    const explained = await inject(['explain'], JSON.stringify(podOf(ASKS)));
    expect(explained.stdout).toMatch(/^standard input:/);
    expect((await inject(['explain'], 'a: 1\n')).stdout).toBe('standard input: no workloads\n');
  });

  test('that cannot be read do not come out as JSON, though they ask for nothing', async () => {
    const stream = `kind: ConfigMap\ndata: [\n---\n${JSON.stringify(podOf(ASKS))}\n---\na: "b\n`;
    const { code, stdout, stderr } = await inject(['-o', 'json'], stream);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(
      /^standard input:3: not readable as YAML: .*\nstandard input:7: not readable as YAML: .*\n$/,
    );
    expect(await inject([], stream)).toMatchObject({ code: 0 });
  });
});

describe('profiles', () => {
  test('without an end, or of more than 1 MiB, are told with their flag, and keep out no others', async () => {
    const zero = await inject(['profiles', '--profiles=/dev/zero']);
    expect(zero).toMatchObject({ code: 1, stdout: '' });
    expect(zero.stderr).toContain('/dev/zero:1: it has more than 1 MiB');
    const missing = await inject(['profiles', '--profiles=none.yaml']);
    expect(missing.stderr).toMatch(
      /cannot read none.yaml: ENOENT\n {2}try: name files or folders of profiles with --profiles/,
    );
    await mkdir(temp.join('profiles'));
    await writeFile(temp.join('profiles/a.yaml'), '');
    await truncate(temp.join('profiles/a.yaml'), 3 * 2 ** 30);
    await writeFile(temp.join('profiles/b.yaml'), profile('team'));
    const texts = await folderSource(temp.path, ['profiles']).read(new AbortController().signal);
    expect(texts).toEqual([
      { name: 'profiles/a.yaml', text: '', problem: 'it has more than 1 MiB' },
      { name: 'profiles/b.yaml', text: profile('team') },
    ]);
  });

  test('with errors are told with all of them in their order, wherever a quote is not closed', async () => {
    const text = ['a: "b\n', profile('one', '{foo: 1}'), "a: 'b\n", profile('two', '{bar: 1}')].join('---\n');
    await writeFile(temp.join('team.yaml'), text);
    const { code, stderr } = await inject(['profiles', '--profiles=team.yaml']);
    expect(code).toBe(1);
    expect(
      stderr
        .split('\n')
        .slice(0, 5)
        .map((line) => line.replace(/^pillion: ?/, '')),
    ).toEqual([
      '',
      expect.stringMatching(/^team.yaml:2: not readable as YAML: Missing closing "quote/),
      'team.yaml:6: spec.foo: unknown field',
      expect.stringMatching(/^team.yaml:9: not readable as YAML: Missing closing 'quote/),
      'team.yaml:13: spec.bar: unknown field',
    ]);
  });
});
