import { mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { runPillion } from '../../test/support/pillion.ts';
import { useTempDir } from '../../test/support/use-temp-dir.ts';

const temp = useTempDir();

interface Container {
  readonly name: string;
  readonly command?: readonly string[];
  readonly args?: readonly string[];
  readonly securityContext: unknown;
}
interface Manifest {
  readonly kind: string;
  readonly data?: Readonly<Record<string, string>>;
  readonly spec?: { readonly template: { readonly spec: { readonly containers: readonly Container[] } } };
}

async function manifests(): Promise<Manifest[]> {
  const text = await readFile(new URL('manifest.yaml', import.meta.url), 'utf8');
  return parseAllDocuments(text).map((document) => document.toJS() as Manifest);
}

/** The files of the ConfigMap, with `/jobs` where the test can write. */
async function jobsIn(directory: string): Promise<string> {
  const data = (await manifests()).find(({ kind }) => kind === 'ConfigMap')?.data ?? {};
  await mkdir(directory);
  for (const [name, text] of Object.entries(data)) {
    await writeFile(`${directory}/${name}`, text.replaceAll('/jobs/', `${directory}/`));
  }
  return `${directory}/crontab`;
}

describe('the cron sidecar', () => {
  it('has a crontab that starts every two minutes', async () => {
    const crontab = await jobsIn(temp.join('jobs'));
    const flags = ['--from', '2025-03-09T00:00:30Z', '--count', '2', '--output', 'json'];
    const next = await runPillion(['cron', 'next', crontab, ...flags], { env: { TZ: 'UTC' } });
    expect(JSON.parse(next.stdout)).toMatchObject([
      { job: 'users', at: '2025-03-09T00:02:00Z' },
      { job: 'users', at: '2025-03-09T00:04:00Z' },
    ]);
  });

  it('writes the list of users, for its owner only, and keeps the token out of the log', async () => {
    const crontab = await jobsIn(temp.join('jobs'));
    await writeFile(temp.join('token'), 'short-lived');
    const env = { SHARED: temp.path, TOKEN_FILE: temp.join('token') };
    const run = await runPillion(['cron', 'run', crontab, 'users'], { env });
    expect(run.code).toBe(0);
    expect(await readFile(temp.join('users.txt'), 'utf8')).toBe('"app" "short-lived"\n');
    expect((await stat(temp.join('users.txt'))).mode & 0o777).toBe(0o600);
    expect(run.stderr).toContain('users.txt renewed');
    expect(run.stderr).not.toContain('short-lived');
  });

  it('asks for nothing that PodSecurity "restricted" forbids', async () => {
    const pod = (await manifests()).find(({ kind }) => kind === 'Deployment')?.spec?.template.spec;
    expect(pod).toMatchObject({
      securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
    });
    for (const container of pod?.containers ?? []) {
      expect(container.securityContext).toEqual({
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ['ALL'] },
      });
    }
    const cron = pod?.containers.find(({ name }) => name === 'cron');
    expect([...(cron?.command ?? []), cron?.args?.[0]]).toEqual(['tini', '--', 'pillion', 'cron']);
  });
});
