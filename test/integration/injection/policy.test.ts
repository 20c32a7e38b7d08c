import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { type Json, memberAt, textAt } from '../../../src/kubernetes/json.ts';
import { runPillion } from '../../support/pillion.ts';
import { useTempDir } from '../../support/use-temp-dir.ts';

const temp = useTempDir();
const policy = (...args: readonly string[]) => runPillion(['inject', 'policy', ...args]);
const objects = (text: string) => parseAllDocuments(text).map((document) => document.toJS() as Json);
const names = (text: string) =>
  objects(text).map((object) => `${textAt(object, 'kind')}/${textAt(object, 'metadata', 'name')}`);

describe('pillion inject policy', () => {
  test('prints what puts things in, and what says what is wrong, each with its binding', async () => {
    const { code, stdout, stderr } = await policy();
    expect([code, stderr]).toEqual([0, '']);
    expect(names(stdout)).toEqual([
      'MutatingAdmissionPolicy/pillion',
      'MutatingAdmissionPolicyBinding/pillion',
      'ValidatingAdmissionPolicy/pillion',
      'ValidatingAdmissionPolicyBinding/pillion-pods',
      'ValidatingAdmissionPolicyBinding/pillion-workloads',
    ]);
    const actions = objects(stdout).map((object) => memberAt(object, 'spec', 'validationActions'));
    expect(actions.slice(-2)).toEqual([['Deny'], ['Warn']]);
  });

  test('prints for the folders of the API server, one for each of its plugins', async () => {
    const mutating = await policy('--static', '--only=mutating');
    expect(names(mutating.stdout)).toEqual([
      'MutatingAdmissionPolicy/pillion.static.k8s.io',
      'MutatingAdmissionPolicyBinding/pillion.static.k8s.io',
    ]);
    const validating = await policy('--static', '--only=validating');
    expect(names(validating.stdout)).toHaveLength(3);
    expect(validating.stdout).toContain('# For the folder of ValidatingAdmissionPolicy.');
  });

  test('writes profiles of your own and the image into the policies', async () => {
    const file = join(temp.path, 'team.yaml');
    await writeFile(
      file,
      'apiVersion: pillion.dev/v1\nkind: InjectionProfile\nmetadata: {name: team}\nspec:\n  parameters: {name: {type: string, pattern: "[a-z]+", required: true}}\n  labels: {team: "${name}"}\n',
    );
    const { code, stdout } = await policy('--profiles', file, '--image=registry.example/other:2');
    expect(code).toBe(0);
    expect(stdout).toContain('name: made_team');
    expect(stdout).toContain('registry.example/other:2');
  });

  test('has in its text which images may be used, and says which profiles nobody can have with them', async () => {
    const all = await policy();
    const fits = await policy('--allow-image=registry.example');
    expect(fits).toMatchObject({ code: 0, stderr: '' });
    // What no parameter decides is judged when the policies are made.
    expect(fits.stdout).toBe(all.stdout);
    const file = join(temp.path, 'nginx.yaml');
    await writeFile(
      file,
      'apiVersion: pillion.dev/v1\nkind: InjectionProfile\nmetadata: {name: web}\nspec: {container: {name: "${instance}", image: nginx}}\n',
    );
    const { code, stdout, stderr } = await policy(
      '--allow-image=nginx',
      '--image=registry.example/p:1',
      '--profiles',
      file,
    );
    expect(code).toBe(0);
    expect(stderr).toContain(
      'git-sync is refused to whoever asks for it: --allow-image has not registry.example/p:1',
    );
    expect(stderr).not.toContain('label');
    expect(stdout).toContain('image-not-allowed');
  });

  test('is not made where no profile could have its image', async () => {
    const args = ['--allow-image=nginx', '--image=registry.example/p:1'];
    for (const made of [
      await policy(...args),
      await runPillion(['injector', 'manifest', '--mode=policy', ...args]),
    ]) {
      expect(made).toMatchObject({ code: 1, stdout: '' });
      expect(made.stderr).toContain('--allow-image=nginx allows no image of any profile');
      expect(made.stderr).toContain('registry.example/p:1');
    }
  });

  test('is not made where --allow names a profile that is not there, which would leave another one open', async () => {
    const { code, stdout, stderr } = await policy('--allow=git-synk=shop');
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain('invalid --allow: no profile "git-synk"\n  try: did you mean git-sync?');
  });

  test('refuses by name what a policy cannot do, and says where it can be had', async () => {
    const old = await policy('--kubernetes=1.34');
    expect(old).toMatchObject({ code: 1, stdout: '' });
    expect(old.stderr).toContain('from Kubernetes 1.36 on, and --kubernetes is 1.34');
    expect(old.stderr).toContain('pillion injector manifest');
    expect(await policy('team')).toMatchObject({ code: 2, stdout: '' });
  });
});

describe('pillion injector manifest --mode=policy', () => {
  const manifest = (...args: readonly string[]) =>
    runPillion(['injector', 'manifest', '--mode=policy', ...args]);

  test('installs the same policies, and nothing that runs', async () => {
    const { code, stdout } = await manifest('--allow=label=shop');
    expect(code).toBe(0);
    expect(stdout).toBe((await policy('--allow=label=shop')).stdout);
    expect(stdout).toContain('{"label": ["shop"]}');
    const images = [
      '--allow-image=nginx',
      '--allow-image=registry.example',
      `--allow-image=@sha256:${'ab'.repeat(32)}`,
    ];
    expect((await manifest(...images)).stdout).toBe((await policy(...images)).stdout);
  });

  test('refuses flags that are about replicas, as the webhooks refuse profiles in files and what the injector does not take', async () => {
    const replicas = await manifest('--replicas=2');
    expect(replicas).toMatchObject({ code: 2, stdout: '' });
    expect(replicas.stderr).toContain('--replicas has no meaning with --mode=policy');
    const files = await runPillion(['injector', 'manifest', `--profiles=${temp.path}`]);
    expect(files).toMatchObject({ code: 2, stdout: '' });
    for (const [arg, why] of [
      ['--nonsense', 'unknown flag: --nonsense'],
      ['--drain=soon', 'invalid value "soon" for --drain'],
      ['x', 'unexpected argument "x"'],
    ]) {
      const wrong = await runPillion(['injector', 'manifest', `--arg=${arg}`]);
      expect(wrong).toMatchObject({ code: 2, stdout: '' });
      expect(wrong.stderr).toContain(`invalid --arg: ${why}`);
    }
    const good = await runPillion(['injector', 'manifest', '--arg=--drain=5s', '--arg=--scan-period=0s']);
    expect(good).toMatchObject({ code: 0, stderr: '' });
    const allow = await runPillion([
      'injector',
      'manifest',
      '--allow=label=shop',
      '--allow-image=nginx,quay.io',
    ]);
    expect(allow.stdout).toContain('- --allow=label=shop\n');
    expect(allow.stdout).toContain('- --allow-image=nginx,quay.io\n');
  });
});
