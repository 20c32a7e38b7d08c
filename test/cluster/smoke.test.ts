import { expect, it } from 'vitest';
import { imageUnderTest } from './support/environment.ts';
import { useNamespace } from './support/namespace.ts';
import { restrictedPod } from './support/pods.ts';

const namespace = useNamespace('smoke', { podSecurity: 'restricted' });

it('tells its version as an unknown user on a read-only root without any capability', async () => {
  await namespace.apply([restrictedPod({ name: 'version', args: ['--version'] })]);
  await namespace.waitFor('pod/version', { until: 'jsonpath={.status.phase}=Succeeded' });
  expect(await namespace.logs('version')).toMatch(/\d+\.\d+\.\d+/);
});

it('has every program that the commands run', async () => {
  const programs = ['git', 'git-lfs', 'ssh', 'gpg', 'restic', 'rsync', 'tini', 'tar', 'gzip', 'node'];
  const names = ['pillion', 'git-sync', 'git-sync-v3', 'supercronic'];
  const command = [
    '/bin/bash',
    '-c',
    `type -P ${[...programs, ...names].join(' ')} && git --version && restic version`,
  ];
  await namespace.apply([restrictedPod({ name: 'programs', command })]);
  await namespace.waitFor('pod/programs', { until: 'jsonpath={.status.phase}=Succeeded' });
  const lines = (await namespace.logs('programs')).split('\n');
  expect(lines).toHaveLength(programs.length + names.length + 2);
});

it('is refused where its user would be root, which shows that the level of security is enforced', async () => {
  const pod = restrictedPod({ name: 'root', args: ['--version'] });
  const asRoot = { ...pod, spec: { ...pod.spec, securityContext: { runAsUser: 0 } } };
  await expect(namespace.apply([asRoot])).rejects.toThrow(/violates PodSecurity "restricted/);
  expect(imageUnderTest()).toContain('pillion');
});
