/** Every example can be asked for by annotations alone: what its manifest has by hand is put in by a profile. */
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { type Json, listAt, textAt } from '../src/kubernetes/json.ts';
import { runPillion } from '../test/support/pillion.ts';

const at = (name: string) => fileURLToPath(new URL(name, import.meta.url));

/** The pod template of the Deployment in a stream. */
function podIn(text: string): Json {
  const documents = parseAllDocuments(text).map((document) => document.toJS() as Json);
  const deployment = documents.find((document) => textAt(document, 'kind') === 'Deployment');
  return (deployment as { spec: { template: { spec: Json } } }).spec.template.spec;
}

const containers = (pod: Json) => [...listAt(pod, 'initContainers'), ...listAt(pod, 'containers')];
const named = (pod: Json, name: string) => containers(pod).find((each) => textAt(each, 'name') === name);
const mounts = (container: Json | undefined) =>
  listAt(container, 'volumeMounts').map((mount) => textAt(mount, 'mountPath') ?? '');

test.each([
  ['000-templater/annotated.yaml', 'git-sync'],
  ['001-nginx-git-sync/annotated.yaml', 'git-sync'],
  ['002-webdav/annotated.yaml', 'restore, backup'],
  ['003-cron-sidecar/annotated.yaml', 'cron'],
  ['003-credentials/annotated.yaml', 'credentials'],
  ['004-injector/test.yaml', 'label, git-sync'],
])('%s gets %s, and is the same to the byte when it is taken out', async (file, profiles) => {
  const text = await readFile(at(file), 'utf8');
  const explained = await runPillion(['inject', 'explain', '-f', at(file)]);
  expect(explained).toMatchObject({ code: 0 });
  expect(explained.stdout).toContain(`changed (injected): put in: ${profiles}`);
  const injected = await runPillion(['inject', '-f', at(file)]);
  expect(injected).toMatchObject({ code: 0, stderr: '' });
  const back = await runPillion(['inject', '--uninject'], { input: injected.stdout });
  expect(back.stdout).toBe(text);
});

test.each([
  ['000-templater', 'service', '/templates', ['--repo=', '--ref=', '--link=', '--period=']],
  ['001-nginx-git-sync', 'nginx', '/usr/share/nginx', ['--repo=', '--ref=', '--link=', '--period=']],
])('%s asks for what its manifest of today has by hand', async (folder, application, place, flags) => {
  const today = podIn(await readFile(at(`${folder}/today.yaml`), 'utf8'));
  const { stdout } = await runPillion(['inject', '-f', at(`${folder}/annotated.yaml`)]);
  const asked = podIn(stdout);
  const args = (container: Json | undefined) =>
    listAt(container, 'args')
      .map(String)
      .filter((arg) => flags.some((flag) => arg.startsWith(flag)));
  expect(args(named(asked, 'pillion-git-sync'))).toHaveLength(flags.length);
  expect(args(named(asked, 'pillion-git-sync')).toSorted()).toEqual(
    args(named(today, 'git-sync')).toSorted(),
  );
  expect(mounts(named(asked, application)).toSorted()).toEqual(mounts(named(today, application)).toSorted());
  expect(mounts(named(asked, application))).toContain(place);
});

test('003-cron-sidecar asks for what its manifest has by hand', async () => {
  const byHand = podIn(await readFile(at('003-cron-sidecar/manifest.yaml'), 'utf8'));
  const { stdout } = await runPillion(['inject', '-f', at('003-cron-sidecar/annotated.yaml')]);
  const asked = podIn(stdout);
  expect(mounts(named(asked, 'django'))).toEqual(mounts(named(byHand, 'django')));
  expect(mounts(named(asked, 'pillion-cron'))).toEqual(expect.arrayContaining(mounts(named(byHand, 'cron'))));
  expect(listAt(named(asked, 'pillion-cron'), 'env')).toEqual(listAt(named(byHand, 'cron'), 'env'));
});
