/** The server over TLS, asked by real clients. */
import { Agent, get as httpsGet, request as httpsRequest } from 'node:https';
import { connect as connectPlain } from 'node:net';
import { connect, type TLSSocket } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { makeTempDir, removeTempDir } from '../../../test/support/temp.ts';
import { waitFor } from '../testing/wait-for.ts';
import { makeAuthority, type TestAuthority } from './client/fixtures/authority.ts';
import { sendRequest } from './client.ts';
import { type HttpServer, type Route, textReply } from './server.ts';
import { createGate, startServer } from './testing/server.ts';
import { tlsServer } from './tls-server.ts';

let directory = '';
let authority: TestAuthority;
let first: { key: string; cert: string };
let second: { key: string; cert: string };

beforeAll(async () => {
  directory = await makeTempDir();
  authority = makeAuthority(directory);
  first = authority.issue('127.0.0.1');
  second = authority.issue('127.0.0.1');
});
afterAll(() => removeTempDir(directory));

function ask(server: HttpServer, path = '/livez') {
  const signal = new AbortController().signal;
  const url = `https://127.0.0.1:${server.port}${path}`;
  return sendRequest({ method: 'GET', url, signal, timeoutMs: 15_000, env: {}, caFile: authority.file });
}

/** A client that trusts anybody, keeps its connection and can be asked for the server's certificate. */
async function openTls(server: HttpServer): Promise<TLSSocket> {
  const socket = connect({ port: server.port, host: '127.0.0.1', rejectUnauthorized: false });
  onTestFinished(() => void socket.destroy());
  socket.on('error', () => {});
  await new Promise((resolve, reject) => socket.once('secureConnect', resolve).once('error', reject));
  return socket;
}

const serialOf = (socket: TLSSocket) => socket.getPeerCertificate().serialNumber;

async function exchange(socket: TLSSocket, text: string): Promise<string> {
  socket.write(text);
  return new Promise((resolve) => socket.once('data', (chunk: Buffer) => resolve(chunk.toString())));
}

const ASK = 'GET /livez HTTP/1.1\r\nhost: a\r\n\r\n';

describe('a server with a certificate', () => {
  it('answers over TLS 1.2 and newer, and HTTP/1.1 only', async () => {
    const server = await startServer({ tls: tlsServer(first) });
    expect(await ask(server)).toMatchObject({ status: 200, body: 'ok\n' });
    const options = { port: server.port, host: '127.0.0.1', rejectUnauthorized: false };
    const old = connect({ ...options, minVersion: 'TLSv1', maxVersion: 'TLSv1.1' });
    await new Promise((resolve) => old.once('error', resolve));
    const chosen = connect({ ...options, ALPNProtocols: ['h2', 'http/1.1'] });
    await new Promise((resolve) => chosen.once('secureConnect', resolve));
    expect(chosen.alpnProtocol).toBe('http/1.1');
    chosen.destroy();
  });

  it('shows new connections a new certificate, while those that are there go on', async () => {
    const server = await startServer({ tls: tlsServer(first) });
    const kept = await openTls(server);
    const before = serialOf(kept);
    await server.setCertificate(second);
    const fresh = await openTls(server);
    expect(serialOf(fresh)).not.toBe(before);
    expect(await exchange(kept, ASK)).toContain('200 OK');
    expect(await exchange(fresh, ASK)).toContain('200 OK');
  });

  it('misses no request while certificates change', async () => {
    const server = await startServer({ tls: tlsServer(first) });
    let failed = 0;
    const over = new AbortController();
    const client = async () => {
      while (!over.signal.aborted) {
        const answer = await ask(server).catch(() => undefined);
        failed += answer?.status === 200 ? 0 : 1;
      }
    };
    const clients = [client(), client()];
    for (let round = 0; round < 20; round += 1) {
      await server.setCertificate(round % 2 === 0 ? second : first);
      await ask(server);
    }
    over.abort();
    await Promise.all(clients);
    expect(failed).toBe(0);
  });

  it.each([
    ['of another key', () => ({ cert: first.cert, key: second.key })],
    ['that is none', () => ({ cert: 'x', key: first.key })],
    ['that is empty', () => ({ cert: '', key: '' })],
  ])('refuses one %s and keeps what it has', async (_what, bad) => {
    await expect(startServer({ tls: tlsServer(bad()) })).rejects.toMatchObject({
      code: 'certificate_invalid',
    });
    const server = await startServer({ tls: tlsServer(first) });
    await expect(server.setCertificate(bad())).rejects.toMatchObject({ code: 'certificate_invalid' });
    expect(await ask(server)).toMatchObject({ status: 200 });
  });

  it('keeps a connection open for longer than it may be silent in a request', async () => {
    const limits = { idleTimeoutMs: 50, keepAliveTimeoutMs: 60_000 };
    const server = await startServer({ tls: tlsServer(first), limits });
    const kept = await openTls(server);
    expect(await exchange(kept, ASK)).toContain('200 OK');
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(await exchange(kept, ASK)).toContain('200 OK');
  });

  it('ends work whose caller has gone', async () => {
    const gate = createGate();
    let reason: unknown;
    const handle: Route['handle'] = async ({ signal }) => {
      signal.addEventListener('abort', () => {
        reason = signal.reason;
      });
      await gate.wait();
      return textReply(200, '');
    };
    const server = await startServer({
      tls: tlsServer(first),
      routes: [{ method: 'GET', path: '/', handle }],
    });
    const sent = httpsGet({ port: server.port, host: '127.0.0.1', rejectUnauthorized: false, path: '/' });
    sent.on('error', () => {});
    await gate.arrived;
    sent.destroy();
    await waitFor(() => reason !== undefined, { what: 'the handler to be told' });
    expect(reason).toMatchObject({ code: 'caller_gone' });
    gate.open();
  });

  it('gives a place to newcomers despite any number of handshakes that never end', async () => {
    const limits = { maxConnections: 20, headersTimeoutMs: 60_000, requestTimeoutMs: 60_000 };
    const server = await startServer({ tls: tlsServer(first), limits });
    for (let index = 0; index < 40; index += 1) {
      const socket = connectPlain({ port: server.port, host: '127.0.0.1', localAddress: '127.0.0.2' });
      socket.on('error', () => {});
      onTestFinished(() => void socket.destroy());
    }
    await waitFor(() => server.connections() === 20, { what: 'the server to be full' });
    for (let index = 0; index < 10; index += 1) {
      expect(await ask(server)).toMatchObject({ status: 200 });
    }
  });

  it('cuts off a handshake that takes too long', async () => {
    const server = await startServer({ tls: tlsServer(first), limits: { headersTimeoutMs: 50 } });
    const socket = connectPlain({ port: server.port, host: '127.0.0.1' });
    socket.on('error', () => {});
    await new Promise((resolve) => socket.once('close', resolve));
    await waitFor(() => server.connections() === 0, { what: 'the connection to be forgotten' });
  });

  it('loses no request of clients that keep their connections when it drains and closes', async () => {
    const server = await startServer({ tls: tlsServer(first) });
    const agent = new Agent({ keepAlive: true, rejectUnauthorized: false, maxSockets: 4 });
    onTestFinished(() => agent.destroy());
    const post = () =>
      new Promise<number>((resolve, reject) => {
        const options = { port: server.port, host: '127.0.0.1', agent, method: 'GET', path: '/livez' };
        httpsRequest(options, (response) => {
          response.resume().once('end', () => resolve(response.statusCode ?? 0));
        })
          .on('error', reject)
          .end();
      });
    const before = await Promise.all(Array.from({ length: 50 }, post));
    server.drain();
    const during = await Promise.all(Array.from({ length: 50 }, post));
    await waitFor(() => server.connections() === 0, { what: 'the clients to have left' });
    await server.close();
    expect(new Set([...before, ...during])).toEqual(new Set([200]));
  });
});

describe('a server without a certificate', () => {
  it('has none to replace', async () => {
    const server = await startServer();
    await expect(server.setCertificate(first)).rejects.toThrow('does not use TLS');
  });
});
