import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeTempDir, removeTempDir } from '../support/temp.ts';
import { waitFor } from '../support/wait-for.ts';
import { KUBERNETES_MINOR } from './support/environment.ts';
import { createGitServer } from './support/git-server.ts';
import { provideTestImages } from './support/images.ts';
import { ASKS_FOR_PAGES, deployment, HOST, job, pod } from './support/injected-pods.ts';
import { type Installation, install, outcomeOf } from './support/install.ts';
import { kubectl, tryInside } from './support/kubectl.ts';
import { useNamespace } from './support/namespace.ts';

// The story of examples/004-injector without a server: the API server injects by policies alone.
describe.skipIf(KUBERNETES_MINOR < 36)('policies (skipped below Kubernetes 1.36)', () => {
  const namespace = useNamespace('policies', { podSecurity: 'restricted' });
  const aside = useNamespace('policies-git');
  const PATIENT = { timeoutMs: 120_000, intervalMs: 200 } as const;
  let installed: Installation | undefined;
  let folder = '';

  beforeAll(async () => {
    folder = await makeTempDir();
    const team = {
      apiVersion: 'pillion.dev/v1',
      kind: 'InjectionProfile',
      metadata: { name: 'team' },
      spec: {
        parameters: { name: { type: 'string', pattern: '[a-z]{1,20}', required: true } },
        labels: { team: '${name}' },
      },
    };
    await writeFile(join(folder, 'team.json'), JSON.stringify(team));
    installed = await install(['--mode=policy', `--profiles=${folder}`], namespace.name);
    const images = await provideTestImages();
    const server = await createGitServer(aside, images.gitServer, { host: HOST });
    const repository = await server.repository('foo/pages');
    await repository.commit({ 'index.html': '<h1>Hello</h1>\n' });
    await server.up();
    await namespace.apply([server.secret('pages-ssh')]);
  });
  afterAll(async () => {
    await installed?.remove();
    await removeTempDir(folder);
  });

  const create = (object: object, ...flags: readonly string[]) =>
    tryInside(
      ['kubectl', '--namespace', namespace.name, 'create', '--filename=-', ...flags],
      JSON.stringify(object),
    );

  it('give a Deployment with one annotation the repository before it starts, and a label by a profile of its own', async () => {
    const asking = {
      ...ASKS_FOR_PAGES,
      'pillion.dev/inject': 'git-sync, label, team',
      'pillion.dev/team.name': 'shop',
    };
    await namespace.apply([deployment('web', asking)]);
    await namespace.waitFor('deployment/web', { until: 'jsonpath={.status.availableReplicas}=1' });
    const name = await namespace.get('pods', '.items[0].metadata.name');
    expect(await namespace.exec(name, 'web', ['cat', '/pages/current/index.html'])).toBe('<h1>Hello</h1>');
    expect(await namespace.get(`pod/${name}`, '.metadata.labels')).toContain('"team":"shop"');
    expect(await namespace.get(`pod/${name}`, '.metadata.labels.foo')).toBe('bar');
    expect(await namespace.get(`pod/${name}`, '.spec.initContainers[0].restartPolicy')).toBe('Always');
    expect(await namespace.get(`pod/${name}`, '.status.initContainerStatuses[0].started')).toBe('true');
  });

  it('advise of one that is misspelt at once, and refuse its pods in words', async () => {
    const bad = { 'pillion.dev/inject': 'git-snyc' };
    const advised = await create(deployment('bad', bad), '--dry-run=server');
    expect(advised).toMatchObject({ code: 0 });
    expect(advised.stderr).toMatch(
      /Warning: .*its pods will be refused: .*no profile "git-snyc"; there are git-sync/,
    );
    const refused = await create(pod('bad', bad), '--dry-run=server');
    expect(refused.code).not.toBe(0);
    expect(refused.stderr).toMatch(/ValidatingAdmissionPolicy 'pillion'.*no profile "git-snyc"/);
    expect(await create(pod('plain', {}), '--dry-run=server')).toMatchObject({ code: 0, stderr: '' });
  });

  it('give pods of a namespace the profile of its label, and a pod that says none stays as it is', async () => {
    await kubectl(['label', 'namespace', namespace.name, 'pillion.dev/inject=label']);
    await waitFor(async () => (await outcomeOf(namespace.name)) === 'bar', { what: 'the label', ...PATIENT });
    expect(await outcomeOf(namespace.name, 'none')).toBe('');
    await kubectl(['label', 'namespace', namespace.name, 'pillion.dev/inject-']);
  });

  it('let a Job with a sidecar come to its end', async () => {
    await namespace.apply([job('once', ASKS_FOR_PAGES)]);
    await namespace.waitFor('job/once', { until: 'condition=Complete' });
    expect(await namespace.kubectl(['logs', 'job/once', '--container=web'])).toBe('<h1>Hello</h1>');
  });

  it('have no warning about their types from the server', async () => {
    // Asked of the server's own type checker, which looks at every expression with the types of each matched resource.
    await waitFor(
      async () =>
        (await kubectl(['get', 'validatingadmissionpolicy/pillion', '--output=jsonpath={.status}'])).includes(
          'typeChecking',
        ),
      { what: 'the types to be checked', ...PATIENT },
    );
    const status = await kubectl([
      'get',
      'validatingadmissionpolicy/pillion',
      '--output=jsonpath={.status.typeChecking}',
    ]);
    expect(status).toBe('{}');
  });
});
