/** What others wrote, on the terminal of whoever runs a command. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { runPillion } from '../support/pillion.ts';
import { useTempDir } from '../support/use-temp-dir.ts';
import { startApiServer } from './injection/support/api-server.ts';
import { ASKS, podOf } from './injection/support/injector.ts';

const temp = useTempDir();

/** Clears the screen, goes back to the start of the line, turns the direction, and clears it once more. */
const HOSTILE = '\u001b[2Jx\ry\u202ez\u009b2J';
const SHOWN = '?[2Jx?y?z?2J';
// oxlint-disable-next-line no-control-regex -- what must not be there
const ACTED_ON = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/;

async function shown(args: readonly string[], input = ''): Promise<string> {
  const { stdout, stderr } = await runPillion(args, { input, cwd: temp.path });
  const text = stdout + stderr;
  expect(text).toContain(SHOWN);
  expect(text).not.toMatch(ACTED_ON);
  return text;
}

const pod = (annotations: Readonly<Record<string, string>>) =>
  JSON.stringify({
    ...podOf(annotations),
    metadata: { name: HOSTILE, annotations },
  });

describe('names and values of others', () => {
  test('are printed without what a terminal acts on by inject and explain', async () => {
    const refused = pod({ ...ASKS, 'pillion.dev/git-sync.ref': HOSTILE });
    await shown(['inject'], refused);
    await shown(['inject', 'explain'], refused);
    await shown(['inject', 'explain'], pod(ASKS));
    await shown(['inject', '--uninject'], pod({ 'pillion.dev/injected': HOSTILE }));
    await writeFile(join(temp.path, `${HOSTILE}.yaml`), pod(ASKS));
    await shown(['inject', 'explain', '-f', `${HOSTILE}.yaml`]);
    await shown(['inject', '-f', `${HOSTILE}.yml`]);
  });

  test('are on one line, so that no name of a workload is a line of its own', async () => {
    const two = JSON.stringify({ ...podOf({}), metadata: { name: 'a\nb: Pod c: changed' } });
    const { stdout } = await runPillion(['inject', 'explain'], { input: two });
    expect(stdout).toMatch(/^standard input:1: Pod a\?b: Pod c: changed: .*\n$/);
  });

  test('are printed without it by whatever reads profiles', async () => {
    await mkdir(join(temp.path, 'profiles'));
    const file = join(temp.path, 'profiles', `${HOSTILE}.yaml`);
    const good =
      'apiVersion: pillion.dev/v1\nkind: InjectionProfile\nmetadata: {name: team}\nspec: {labels: {a: b}}\n';
    await writeFile(file, good);
    await shown(['inject', 'profiles', '--profiles=profiles']);
    await writeFile(file, good.replace('a: b', 'a: {'));
    await shown(['inject', 'profiles', '--profiles=profiles']);
    await shown(['inject', 'policy', '--profiles=profiles']);
  });

  test('are printed without it when an API server says them', async () => {
    const api = await startApiServer();
    api.answer = () => [500, { kind: 'Status', message: HOSTILE }];
    await shown(['injector', 'check', `--api-server=${api.url}`]);
    api.answer = ({ method, path }) =>
      path === '/version'
        ? [200, { gitVersion: 'v1.34.2' }]
        : [method === 'POST' ? 500 : 403, { message: `failed calling webhook ${HOSTILE}` }];
    await shown(['injector', 'check', `--api-server=${api.url}`]);
  });

  test('are printed without it by every command that is called in the wrong way', async () => {
    await shown([HOSTILE]);
    await shown(['cron', 'next', HOSTILE]);
    await shown(['backup', `--${HOSTILE}`]);
    await shown(['credentials', `--${HOSTILE}`]);
    await shown(['git-sync', `--${HOSTILE}`]);
  });
});
