import { readdir, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { GitRepository } from '../support/git-repository.ts';
import { runProgram } from '../support/run-program.ts';
import { waitFor } from '../support/wait-for.ts';
import { exampleImages, exampleManifest, replaced } from './support/examples.ts';
import { createGitServer, type GitServer } from './support/git-server.ts';
import { provideTestImages } from './support/images.ts';
import { httpGet, useNamespace } from './support/namespace.ts';
import { prepareWebDav, type WebDav } from './support/webdav.ts';
import { podOf, podsOf } from './support/workloads.ts';

// A WebDAV server whose volume is backed up into a git repository: the manifest of examples/002-webdav as it stands, where
// Pod Security is "restricted". The tests are one story, with a volume that is a folder of this machine.
const namespace = useNamespace('seed-002', { podSecurity: 'restricted' });
const aside = useNamespace('seed-002-git');
const APP = 'webdav';
const PAGE = '<h1>demo</h1>\n';
const PATIENT = { timeoutMs: 240_000, intervalMs: 300 } as const;
let server: GitServer;
let repository: GitRepository;
let webdav: WebDav;

beforeAll(async () => {
  const images = await provideTestImages();
  server = await createGitServer(aside, images.gitServer, { isWritable: true });
  repository = await server.repository('your-name/demo-data');
  await repository.commit({ 'index.html': PAGE });
  await runProgram('chmod', ['-R', 'a+rwX', repository.path]);
  webdav = await prepareWebDav(namespace);
  await namespace.apply([server.secret('webdav-git-read'), server.secret('webdav-git-write')]);
  const manifest = await exampleManifest('002-webdav/manifest.yaml', exampleImages(images));
  // The test's server has its repositories where its user lives, and another name for the first branch.
  const places = {
    'github.com/your-name/demo-data.git#main': 'github.com/srv/git/your-name/demo-data.git#master',
  };
  await namespace.apply(replaced(manifest, places));
});

afterAll(() => webdav.remove());

it('does not start on an empty volume while the git server is down', async () => {
  await waitFor(
    async () => {
      const [pod] = await podsOf(namespace, APP);
      const log = pod === undefined ? '' : await namespace.logs(pod.name, 'restore').catch(() => '');
      return /"level":"(?:warn|error)"/.test(log);
    },
    { what: 'the restore to say that it waits', ...PATIENT },
  );
  const { containers } = await podOf(namespace, APP);
  for (const name of ['backup', APP]) {
    expect(containers[name]?.state.waiting?.reason).toBe('PodInitializing');
  }
  expect((await readdir(webdav.volume)).filter((name) => name !== '.pillion')).toEqual([]);
});

it('starts by itself when the server is back, with what the repository has', async () => {
  await server.up();
  await webdav.start();
  expect(await webdav.get('index.html')).toEqual({ status: 200, body: PAGE });
  expect((await webdav.get('.pillion/marker.json')).status).toBe(404);
});

it('stores what was put there, and gives it back when pod and volume are lost', async () => {
  await webdav.put('folder/notes.txt', 'one\r\ntwo\r\n');
  const { name } = await podOf(namespace, APP);
  await namespace.exec(name, 'backup', ['pillion', 'backup', 'now']);
  expect(await repository.git('show', 'master:folder/notes.txt')).toContain('one\r\ntwo');
  await webdav.put('late.txt', 'put after the backup');
  await webdav.stop(); // which stores it once more
  await webdav.wipe();
  await webdav.start();
  expect((await webdav.get('folder/notes.txt')).body).toBe('one\r\ntwo\r\n');
  expect((await webdav.get('late.txt')).body).toBe('put after the backup');
});

it('knows when it will store it next', async () => {
  const { ip } = await podOf(namespace, APP);
  // Whoever serves the volume is ready, which says nothing of the backup.
  const next = await waitFor(
    async () => {
      const { body } = await httpGet(`http://${ip}:9791/metrics`);
      return /^pillion_backup_next_run_timestamp_seconds(?:\{.*\})? (\S+)$/m.exec(body)?.[1];
    },
    { what: 'the metric of the next run', ...PATIENT },
  );
  const time = new Intl.DateTimeFormat('en-GB', { timeZone: 'Europe/Berlin', timeStyle: 'short' });
  expect(time.format(Number(next) * 1000)).toBe('02:30');
});

it('sets a volume that was damaged aside, and restores it', async () => {
  await webdav.stop();
  await unlink(join(webdav.volume, 'index.html'));
  await writeFile(join(webdav.volume, 'rubbish'), 'rubbish');
  await webdav.start();
  expect((await webdav.get('index.html')).body).toBe(PAGE);
  expect((await webdav.get('rubbish')).status).toBe(404);
  const [quarantine = ''] = await readdir(join(webdav.volume, '.pillion/quarantine'));
  expect(await readdir(join(webdav.volume, '.pillion/quarantine', quarantine))).toContain('rubbish');
});

it('does not mind a git server that is down while the volume is good', async () => {
  await webdav.stop();
  await server.down();
  await webdav.start();
  expect((await webdav.get('folder/notes.txt')).status).toBe(200);
});
