import { execFile } from 'node:child_process';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type CredentialQuestion, findCredential, type KnownCredential } from './match.ts';
import { answerQuestion, type CredentialServer, startCredentialServer } from './socket.ts';

const KNOWN: KnownCredential[] = [
  { url: 'https://one.example/x.git', username: 'first', password: 'p1' },
  { url: 'https://one.example/x.git', username: 'second', password: 'p2' },
  { url: 'http://two.example:8080', username: 'third', password: 'p=3' },
];

const find = (question: CredentialQuestion) => findCredential(KNOWN, question, 'host');

let directory: string;
let server: CredentialServer;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'pillion-cred-'));
  server = await startCredentialServer(join(directory, 's'), find);
});

afterEach(async () => {
  await server.close();
  await rm(directory, { recursive: true, force: true });
});

async function fill(question: string): Promise<string> {
  const helper = `credential.helper=cache --socket ${server.path}`;
  const args = ['-c', 'credential.helper=', '-c', helper, '-c', 'core.askPass=true', 'credential', 'fill'];
  const env = { PATH: process.env.PATH ?? '', GIT_TERMINAL_PROMPT: '0', GIT_CONFIG_GLOBAL: '/dev/null' };
  const child = promisify(execFile)('git', args, { env });
  child.child.stdin?.end(question);
  return (await child).stdout;
}

describe('the credential socket', () => {
  it("answers git's own credential-cache client", async () => {
    const answer = await fill('url=https://one.example/any/path.git\n\n');
    expect(answer).toContain('username=first\npassword=p1\n');
  });

  it('finds the user that the question names', async () => {
    expect(await fill('url=https://second@one.example/\n\n')).toContain('password=p2\n');
  });

  it('keeps an equals sign in a password, and tells ports apart', async () => {
    expect(await fill('url=http://two.example:8080/r\n\n')).toContain('password=p=3\n');
    await expect(fill('url=http://two.example/r\n\n')).resolves.not.toContain('p=3');
  });

  it('gives nothing to another host', async () => {
    await expect(fill('url=https://other.example/\n\n')).resolves.not.toMatch(/password=./);
  });

  it('is closed to other users', async () => {
    expect((await stat(server.path)).mode & 0o777).toBe(0o600);
  });

  it('ignores what it is told to store or erase, and never breaks out of its lines', () => {
    expect(answerQuestion('action=erase\nprotocol=https\nhost=one.example\n', find)).toBe('');
    const evil = () => ({ username: 'a\nhost=b', password: 'x' });
    expect(answerQuestion('action=get\nprotocol=https\nhost=e.example\n', evil)).toBe('');
  });
});
