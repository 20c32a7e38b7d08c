import { describe, expect, it } from 'vitest';
import { nodeFindings, ownFindings, versionFindings } from './cluster.ts';
import { installedAs } from './installed.ts';

const installed = (...args: readonly string[]) =>
  installedAs({ spec: { template: { spec: { containers: [{ args: ['injector', ...args] }] } } } });
const node = (name: string, kubeletVersion: string) => ({
  metadata: { name },
  status: { nodeInfo: { kubeletVersion } },
});

describe('how it was installed', () => {
  it('is read from its flags, whatever else there is', () => {
    const found = installed(
      '--image=registry.example/p:2',
      '--kubernetes=1.31',
      '--allow=a=b',
      '--scan-period=0s',
    );
    expect(found).toMatchObject({
      image: 'registry.example/p:2',
      target: { minor: 31 },
      allow: ['a=b'],
      scans: false,
    });
    expect(installed('--flag-of-tomorrow').target.major).toBe(1);
    expect(installedAs(undefined).scans).toBe(true);
  });
});

describe('versions', () => {
  it('newer than the server are a failure: its fields are dropped without a word', () => {
    expect(versionFindings({ major: 1, minor: 30 }, installed('--kubernetes=1.37'))[0]).toMatchObject({
      level: 'failed',
      hint: expect.stringContaining('--kubernetes=1.30'),
    });
    expect(versionFindings({ major: 1, minor: 37 }, installed('--kubernetes=1.34'))[0]?.level).toBe('ok');
  });

  it('of kubelets that do not know native sidecars are a failure, older ones a warning', () => {
    const target = installed('--kubernetes=1.34');
    const levels = (...versions: readonly string[]) =>
      nodeFindings(
        versions.map((version, at) => node(`n${at}`, version)),
        target,
      ).map(({ level, message }) => `${level} ${message}`);
    expect(levels('v1.34.1', 'v1.34.9')[0]).toMatch(/^ok 2 nodes, v1\.34\.1/);
    expect(levels('v1.34.1', 'v1.28.3')[0]).toMatch(/^failed .*n1 \(v1\.28\.3\)/);
    expect(levels('v1.34.1', 'v1.33.0-gke.1')[0]).toMatch(/^warning .*n1/);
    expect(levels('soon')[0]).toMatch(/^warning .*cannot be read/);
    expect(levels()[0]).toBe('warning the API server lists no node');
  });
});

describe('replicas', () => {
  const endpoints = (...ready: readonly boolean[]) => [
    { endpoints: ready.map((each, at) => ({ addresses: [`10.0.0.${at}`], conditions: { ready: each } })) },
  ];
  const levelOf = (slices: readonly object[], changes: object = {}) =>
    ownFindings({
      deployment: { spec: { replicas: 3 } },
      service: {},
      slices: slices as never,
      namespace: 'pillion',
      ...changes,
    })[0]?.level;

  it('that are ready behind the Service are counted', () => {
    expect(levelOf(endpoints(true, true, true))).toBe('ok');
    expect(levelOf(endpoints(true, false, false))).toBe('warning');
    expect(levelOf(endpoints(false))).toBe('failed');
    expect(levelOf(endpoints(true), { service: undefined })).toBe('failed');
    expect(levelOf([], { deployment: undefined })).toBe('failed');
  });
});
