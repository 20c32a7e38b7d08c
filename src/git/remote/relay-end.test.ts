/** A git that ends in the middle of an answer: what remains of it is not fetched for nobody. */
import { chmod, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Duplex, duplexPair } from 'node:stream';
import { setImmediate } from 'node:timers/promises';
import { expect, it, onTestFinished } from 'vitest';
import { isAlive } from '../../../test/support/processes.ts';
import { makeTempDir, removeTempDir } from '../../../test/support/temp.ts';
import { createRecordedLog } from '../../core/testing/recorded-log.ts';
import { waitFor } from '../../core/testing/wait-for.ts';
import type { Ask } from './http-question.ts';
import { createHttpRelay } from './http-relay.ts';
import { encodePacket } from './pkt-line.ts';
import { refNamed } from './ref-query.ts';
import { openSshSession } from './ssh-session.ts';

const HASH = '1'.repeat(40);

/** Two ends of a channel, of which one closes once the other has got more than a greeting. */
function channel(): { readonly ours: Duplex; readonly git: Duplex } {
  const [ours, git] = duplexPair();
  let bytes = 0;
  git.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > 1000) {
      ours.destroy();
    }
  });
  return { ours, git };
}

it('an answer over HTTP is given up when git ends before it', async () => {
  const stop = new AbortController();
  onTestFinished(() => stop.abort());
  const { signal } = stop;
  const chunk = Buffer.alloc(10_000);
  let reason: unknown;
  const ask: Ask = async (_question, _type, reader) => {
    try {
      while (!signal.aborted) {
        await reader.push(chunk);
        await setImmediate();
      }
    } catch (error) {
      reason = error;
      throw error;
    }
  };
  const { ours, git } = channel();
  const question = { method: 'POST', url: 'http://host/x', headers: {} } as const;
  createHttpRelay({ greeting: '0000', question, ask, signal })(ours);
  git.write(`${encodePacket('command=fetch\n')}0000`);
  await waitFor(() => reason !== undefined, { what: 'the end of the answer' });
});

it('a session over ssh ends when git ends in the middle of a pack', async () => {
  const directory = await makeTempDir();
  onTestFinished(() => removeTempDir(directory));
  const stop = new AbortController();
  onTestFinished(() => stop.abort());
  const [program, pid] = [join(directory, 'ssh'), join(directory, 'pid')];
  const refs = `${encodePacket(`${HASH} refs/heads/main\0side-band-64k\n`)}0000`.replace('\0', '\\0');
  await writeFile(program, `#!/bin/sh\necho $$ >'${pid}'\nprintf '${refs}'\nread -r line\nexec yes\n`);
  await chmod(program, 0o755);
  const session = await openSshSession({
    ssh: program,
    words: [],
    env: { PATH: String(process.env['PATH']) },
    query: refNamed('main'),
    agent: 'test',
    log: createRecordedLog().log,
    onReceived: () => undefined,
    signal: stop.signal,
  });
  expect([...session.refs.keys()]).toEqual(['refs/heads/main']);
  const { ours, git } = channel();
  session.relay?.(ours);
  git.write('I want it\n');
  const child = Number(await readFile(pid, 'utf8'));
  await waitFor(() => !isAlive(child), { what: 'the end of ssh' });
});
