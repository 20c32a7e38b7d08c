/**
 * A store that says yes to every upload and keeps what it likes: enough of restic's REST protocol that restic ends with
 * 0, and what it stored is not there.
 */
import { readdir, readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import path from 'node:path';
import { buffer } from 'node:stream/consumers';
import { listenOnLoopback } from '../listen.ts';

/** Of an object that was uploaded: its type as in restic's protocol, and its name. */
export interface Uploaded {
  readonly type: string;
  readonly name: string;
}

/** What the store does with an object: `lose` keeps nothing, `damage` keeps another content of the same size. */
export type Lie = 'lose' | 'damage' | undefined;

export interface LyingStore {
  /** `rest:http://127.0.0.1:PORT/` */
  readonly location: string;
  /** What it has lied about. */
  lies(): readonly Uploaded[];
  setLie(lie: (object: Uploaded) => Lie): void;
  /** Remembers what it holds now; the function that it gives makes it hold that again, and forgets the lies. */
  remember(): () => void;
  stop(): Promise<void>;
}

const V2 = 'application/vnd.x.restic.rest.v2';

/** @param repository in a directory, whose objects it begins with; only reads it */
export async function startLyingStore(repository: string): Promise<LyingStore> {
  const objects = await objectsOf(repository);
  const lies: Uploaded[] = [];
  let lieAbout: (object: Uploaded) => Lie = () => undefined;
  const keep = (key: string, content: Buffer): void => {
    const [type = '', name = ''] = key.split('/');
    const lie = lieAbout({ type, name });
    if (lie !== undefined) {
      lies.push({ type, name });
    }
    if (lie !== 'lose') {
      objects.set(key, lie === 'damage' ? (content.map((byte) => byte ^ 1) as Buffer) : content);
    }
  };
  const server = createServer((request, response) => {
    void (async () => {
      const url = new URL(request.url ?? '/', 'http://store');
      const key = url.pathname.replace(/^\//, '');
      const body = await buffer(request);
      const content = objects.get(key);
      if (request.method === 'POST') {
        if (key !== '') {
          keep(key, body);
        }
        response.end();
      } else if (request.method === 'DELETE') {
        objects.delete(key);
        response.end();
      } else if (key.endsWith('/')) {
        const listed = [...objects].filter(([each]) => each.startsWith(key));
        const items = listed.map(([each, { length }]) => ({ name: each.slice(key.length), size: length }));
        response.setHeader('content-type', V2).end(JSON.stringify(items));
      } else if (content === undefined) {
        response.writeHead(404).end();
      } else {
        const range = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '');
        const [from, to] = [Number(range?.[1] ?? 0), Number(range?.[2] || content.length - 1)];
        const part = content.subarray(from, to + 1);
        response.writeHead(range === null ? 200 : 206, { 'content-length': part.length });
        response.end(request.method === 'HEAD' ? undefined : part);
      }
    })().catch(() => response.destroy());
  });
  const { port, down } = await listenOnLoopback(server);
  return {
    location: `rest:http://127.0.0.1:${port}/`,
    lies: () => lies,
    setLie(lie) {
      lieAbout = lie;
    },
    remember() {
      const held = [...objects];
      return () => {
        objects.clear();
        held.forEach(([key, content]) => objects.set(key, content));
        lies.length = 0;
        lieAbout = () => undefined;
      };
    },
    stop: down,
  };
}

async function objectsOf(repository: string): Promise<Map<string, Buffer>> {
  const entries = await readdir(repository, { recursive: true, withFileTypes: true });
  const files = entries
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => path.join(parentPath, name));
  const keyOf = (file: string) => path.relative(repository, file).replace(/^data\/[^/]+\//, 'data/');
  return new Map(await Promise.all(files.map(async (file) => [keyOf(file), await readFile(file)] as const)));
}
