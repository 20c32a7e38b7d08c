/**
 * Answers git's credential questions from this process. Git's own `credential-cache` client is the helper: it connects
 * to a Unix socket, on which this process listens in place of git's daemon. So no secret is on a command line, in a
 * file or in the memory of a process that outlives this one, and no `credential approve` is run.
 */
import { chmod } from 'node:fs/promises';
import { createServer, type Socket } from 'node:net';
import type { CredentialQuestion } from './match.ts';

export interface Login {
  readonly username: string;
  readonly password: string;
}

/** What answers a question, if anything. */
export type FindLogin = (question: CredentialQuestion) => Login | undefined;

const MAX_QUESTION_BYTES = 64 * 1024;
const PATIENCE_MS = 10_000;

/** Reads what the client sends: `action=get`, `timeout=N`, then the attributes of git-credential(1). */
function parseQuestion(text: string): { action: string; question: CredentialQuestion } {
  const attributes = new Map<string, string>();
  for (const line of text.split('\n')) {
    const equals = line.indexOf('=');
    if (equals > 0) {
      attributes.set(line.slice(0, equals), line.slice(equals + 1));
    }
  }
  const username = attributes.get('username');
  const path = attributes.get('path');
  const base = {
    protocol: attributes.get('protocol') ?? '',
    host: attributes.get('host') ?? '',
    ...(path === undefined ? {} : { path }),
  };
  return {
    action: attributes.get('action') ?? '',
    question: username === undefined ? base : { ...base, username },
  };
}

const isOneLine = (text: string) => !/[\n\0]/.test(text);

/** Only `get` is answered: `store` and `erase` are ignored, since the sources decide what holds. */
export function answerQuestion(text: string, find: FindLogin): string {
  const { action, question } = parseQuestion(text);
  const found = action === 'get' ? find(question) : undefined;
  if (found === undefined || !isOneLine(found.username) || !isOneLine(found.password)) {
    return '';
  }
  return `username=${found.username}\npassword=${found.password}\n`;
}

function serve(socket: Socket, find: FindLogin): void {
  let text = '';
  socket.setEncoding('utf8');
  socket.setTimeout(PATIENCE_MS, () => socket.destroy());
  socket.on('error', () => socket.destroy());
  socket.on('data', (chunk: string) => {
    text += chunk;
    if (text.length > MAX_QUESTION_BYTES) {
      socket.destroy();
    }
  });
  socket.on('end', () => socket.end(answerQuestion(text, find)));
}

export interface CredentialServer {
  readonly path: string;
  close(): Promise<void>;
}

/** Listens at `path`, readable for this user only. */
export async function startCredentialServer(path: string, find: FindLogin): Promise<CredentialServer> {
  const clients = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    clients.add(socket);
    socket.once('close', () => clients.delete(socket));
    serve(socket, find);
  });
  server.unref();
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(path, resolve);
  });
  await chmod(path, 0o600);
  return {
    path,
    close() {
      clients.forEach((client) => client.destroy()); // one that stays must not hold up the end
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}
