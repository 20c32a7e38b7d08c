/** `--lfs` over ssh: git-lfs asks the server by `git-lfs-authenticate` where the large files are, as forges answer it. */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { expect, it, onTestFinished } from 'vitest';
import { listenOnLoopback } from '../../../../test/support/listen.ts';
import { startSshServer } from '../../../../test/support/ssh-server.ts';
import { sshSettings } from '../../../git/testing/settings.ts';
import { makeSyncScene } from '../testing/scene.ts';

const hasLfs = spawnSync('git-lfs', ['version']).status === 0;
const TOKEN = 'RemoteAuth token';

const oidOf = (content: string) => createHash('sha256').update(content).digest('hex');
const pointer = (content: string) =>
  `version https://git-lfs.github.com/spec/v1\noid sha256:${oidOf(content)}\nsize ${Buffer.byteLength(content)}\n`;

/** Gives out large files to whoever has the token. */
async function serveObjects(contents: readonly string[]) {
  const seen: (string | undefined)[] = [];
  let url = '';
  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    seen.push(request.headers.authorization);
    const body = await text(request);
    if (request.headers.authorization !== TOKEN) {
      response.writeHead(401).end();
    } else if (request.method === 'POST') {
      const objects = contents
        .filter((content) => body.includes(oidOf(content)))
        .map((content) => {
          const download = { href: `${url}/${oidOf(content)}`, header: { Authorization: TOKEN } };
          return { oid: oidOf(content), size: Buffer.byteLength(content), actions: { download } };
        });
      response.setHeader('Content-Type', 'application/vnd.git-lfs+json');
      response.end(JSON.stringify({ transfer: 'basic', objects }));
    } else {
      response.end(contents.find((content) => request.url?.endsWith(oidOf(content))));
    }
  };
  const server = createServer((request, response) => {
    answer(request, response).catch(() => response.destroy());
  });
  const listening = await listenOnLoopback(server);
  onTestFinished(() => listening.down());
  url = `http://127.0.0.1:${listening.port}`;
  return { url, seen };
}

it.skipIf(!hasLfs)('large files come over ssh, with what the server gives out for them', async () => {
  const scene = await makeSyncScene();
  const contents = ['large one', 'large two'];
  const objects = await serveObjects(contents);
  const programs = scene.join('programs');
  await mkdir(programs);
  const answer = JSON.stringify({
    href: objects.url,
    header: { Authorization: TOKEN },
    expires_in: 600,
  });
  const asked = scene.join('asked');
  const program = join(programs, 'git-lfs-authenticate');
  await writeFile(program, `#!/bin/sh\necho "$*" >>'${asked}'\necho '${answer}'\n`);
  await chmod(program, 0o755);
  const server = await startSshServer(scene.join('ssh'), { programs });
  onTestFinished(async () => server.stop());
  await scene.repo.commit({
    '.gitattributes': '*.bin filter=lfs diff=lfs merge=lfs -text\n',
    'a.bin': pointer('large one'),
  });
  const sync = await scene.start({
    lfs: true,
    repo: server.repositoryUrl(scene.repo.path),
    ssh: sshSettings({ keyFiles: [server.keyPath], knownHostsFile: server.knownHostsPath }),
  });
  await sync.pass();
  expect(await readFile(join(scene.link, 'a.bin'), 'utf8')).toBe('large one');
  await scene.repo.commit({ 'a.bin': pointer('large two') });
  await sync.pass();
  expect(await readFile(join(scene.link, 'a.bin'), 'utf8')).toBe('large two');
  expect(await readFile(asked, 'utf8')).toContain(`${scene.repo.path} download`);
  expect(new Set(objects.seen)).toEqual(new Set([TOKEN]));
  expect(sync.lines.join('\n')).not.toContain(TOKEN);
});
