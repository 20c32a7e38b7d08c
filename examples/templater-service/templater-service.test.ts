import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import http from 'node:http';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { listenOnLoopback } from '../../test/support/listen.ts';
import { useTempDir } from '../../test/support/use-temp-dir.ts';
import { waitFor } from '../../test/support/wait-for.ts';
import { createTemplater } from './server.ts';

const temp = useTempDir();

async function start(env: NodeJS.ProcessEnv = {}) {
  const server = createTemplater({ templateRoot: temp.join('current'), env });
  const listening = await listenOnLoopback(server);
  onTestFinished(async () => listening.down());
  return listening.port;
}

/** Sends the path as it is: fetch would tidy it up. */
async function get(port: number, urlPath: string): Promise<{ status: number | undefined; body: string }> {
  const request = http.get({ host: '127.0.0.1', port, path: urlPath, agent: false });
  const [response] = (await once(request, 'response')) as [http.IncomingMessage];
  let body = '';
  for await (const chunk of response.setEncoding('utf8')) {
    body += String(chunk);
  }
  return { status: response.statusCode, body };
}

async function publish(revision: string, files: Readonly<Record<string, string>>): Promise<void> {
  for (const [name, content] of Object.entries(files)) {
    const file = temp.join(revision, name);
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(file, content);
  }
  await symlink(revision, temp.join('next'));
  await rename(temp.join('next'), temp.join('current'));
}

describe('the templater', () => {
  it('renders Markdown to HTML, with or without .md in the path', async () => {
    await publish('one', { 'folder1/foo.md': '# Foo\n\nSome *text*.\n' });
    const port = await start();
    const page = await get(port, '/folder1/foo');
    expect(page.status).toBe(200);
    expect(page.body).toContain('<h1>Foo</h1>\n<p>Some <em>text</em>.</p>');
    expect(page.body).toContain('<title>foo</title>');
    expect((await get(port, '/folder1/foo.md')).body).toBe(page.body);
  });

  it('replaces variables from the query, then from TEMPLATE_VAR_, escaped, and nothing else', async () => {
    await publish('one', { 'a.md': '{{who}} {{ firm }} {{SECRET}} [{{who}}](x)\n' });
    const port = await start({ TEMPLATE_VAR_firm: 'A & B', TEMPLATE_VAR_who: 'env', SECRET: 's3cret' });
    const page = await get(port, '/a?who=%3Cscript%3E%5Bx%5D(javascript:1)');
    expect(page.body).toContain('&lt;script&gt;[x](javascript:1) A &amp; B {{SECRET}}');
    expect(page.body).not.toMatch(/s3cret|<script|href="javascript/);
  });

  it('is not healthy before the templates are there and shows a new revision at once', async () => {
    const port = await start();
    expect((await get(port, '/healthz')).status).toBe(503);
    expect((await get(port, '/a')).status).toBe(503);
    await publish('one', { 'a.md': 'first' });
    expect((await get(port, '/healthz')).status).toBe(200);
    expect((await get(port, '/a')).body).toContain('first');
    await publish('two', { 'a.md': 'second' });
    await rm(temp.join('one'), { recursive: true });
    expect((await get(port, '/a')).body).toContain('second');
    expect((await get(port, '/b')).status).toBe(404);
  });

  it('never fails while revisions are replaced and removed under its feet', async () => {
    await publish('r0', { 'a.md': 'revision' });
    const port = await start();
    const statuses = new Set<number | undefined>();
    const reader = new AbortController();
    const reading = (async () => {
      while (!reader.signal.aborted) {
        statuses.add((await get(port, '/a')).status);
      }
    })();
    for (let revision = 1; revision <= 100; revision += 1) {
      await publish(`r${revision}`, { 'a.md': 'revision' });
      await rm(temp.join(`r${revision - 1}`), { recursive: true });
    }
    reader.abort();
    await reading;
    expect([...statuses]).toEqual([200]);
  });
});

describe('the templater refuses', () => {
  const paths = [
    ['/../outside', 400],
    ['/folder1/../../outside', 400],
    ['/%2e%2e/outside', 400],
    ['/%2e%2e%2foutside', 400],
    ['/..%5coutside', 400],
    ['//etc/passwd', 400],
    ['/%2fetc/passwd', 400],
    ['/a%00.md', 400],
    ['/%zz', 400],
    ['/', 400],
    ['/%252e%252e/outside', 404],
    ['/.git', 403],
    ['/.git/config', 403],
    ['/out', 403],
    ['/outdir/outside', 403],
    ['/folder.md', 404],
    [`/${'x'.repeat(5000)}`, 404],
  ] as const;

  it.each(paths)('%s with %i', async (urlPath, status) => {
    await publish('one', { 'a.md': 'a', 'folder.md/b.md': 'b' });
    await writeFile(temp.join('outside.md'), 'SECRET');
    await symlink(temp.join('outside.md'), temp.join('one/out.md'));
    await symlink('..', temp.join('one/outdir'));
    const answer = await get(await start(), urlPath);
    expect(answer.status).toBe(status);
    expect(answer.body).not.toContain('SECRET');
    expect(answer.body).toMatch(/^[^\n]+\n$/);
  });

  it('every method but GET and HEAD', async () => {
    const port = await start();
    expect((await fetch(`http://127.0.0.1:${port}/a`, { method: 'DELETE' })).status).toBe(405);
  });
});

it('starts as a program and ends by itself on SIGTERM, with an open idle connection', async () => {
  await publish('one', { 'a.md': 'here' });
  const main = fileURLToPath(new URL('main.ts', import.meta.url));
  const child = spawn(process.execPath, [main], {
    env: { ...process.env, TEMPLATE_ROOT: temp.join('current'), PORT: '0', HOST: '127.0.0.1' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => {
    child.kill('SIGKILL');
  });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  const port = await waitFor(() => /"port":(\d+)/.exec(output)?.[1], { what: 'the port' });
  expect(await (await fetch(`http://127.0.0.1:${port}/a`)).text()).toContain('here');
  child.kill('SIGTERM');
  expect(await once(child, 'exit')).toEqual([0, null]);
});
