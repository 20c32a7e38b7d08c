import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { join } from 'node:path';
import process from 'node:process';
import { pipeline } from 'node:stream/promises';

// registry PORT BLOBS DIGEST: serves one image out of containerd's own store, under every name. Ends with its stdin.
const [port, blobs = '', image = ''] = process.argv.slice(2);

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const [, kind, reference = ''] = /^\/v2\/.+\/(manifests|blobs)\/([^/]+)$/.exec(request.url ?? '') ?? [];
  if (kind === undefined) {
    response.writeHead(request.url === '/v2/' ? 200 : 404).end();
    return;
  }
  const digest = /^sha256:[0-9a-f]{64}$/.test(reference) ? reference : image;
  const file = join(blobs, digest.replace(':', '/'));
  const { size } = await stat(file);
  const type =
    kind === 'manifests'
      ? (JSON.parse(await readFile(file, 'utf8')) as { mediaType: string }).mediaType
      : 'application/octet-stream';
  response.writeHead(200, {
    'content-type': type,
    'content-length': size,
    'docker-content-digest': digest,
  });
  if (request.method === 'HEAD') {
    response.end();
  } else {
    await pipeline(createReadStream(file), response);
  }
}

const server = createServer((request, response) => {
  answer(request, response).catch(() => response.writeHead(404).end());
});
server.listen(Number(port), '127.0.0.1');
await once(server, 'listening');
console.log('listening');
process.stdin.resume().once('end', () => process.exit());
