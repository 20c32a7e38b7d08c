/** The console of a pgbouncer that is not there to be installed: newer than Debian's, broken, or hostile. */
import { createServer, type Socket } from 'node:net';
import { listenOnLoopback } from '../listen.ts';

export interface FakePgbouncerInit {
  /** What it tells of itself at each login. */
  readonly parameters: Readonly<Record<string, string>>;
  /** What a statement gets: rows of text by column, an error, or no answer at all (undefined). Default: no rows. */
  readonly answer?: (statement: string) => readonly Readonly<Record<string, string>>[] | Error | undefined;
}

export interface FakePgbouncer {
  readonly port: number;
  /** Users and statements, in order. */
  readonly seen: string[];
  stop(): Promise<void>;
}

const SSL_REQUEST = 80_877_103;

export async function startFakePgbouncer(init: FakePgbouncerInit): Promise<FakePgbouncer> {
  const seen: string[] = [];
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    converse(socket, init, seen);
  });
  const { port, down } = await listenOnLoopback(server);
  return { port, seen, stop: down };
}

function converse(
  socket: Socket,
  { parameters, answer = () => [] }: FakePgbouncerInit,
  seen: string[],
): void {
  let pending = Buffer.alloc(0);
  let isLoggedIn = false;
  const statement = (text: string): void => {
    seen.push(text);
    const reply = answer(text);
    if (reply !== undefined) {
      socket.write(Buffer.concat([...(reply instanceof Error ? [failure(reply)] : rows(reply)), READY]));
    }
  };
  const startup = (packet: Buffer): void => {
    if (packet.readInt32BE(0) === SSL_REQUEST) {
      socket.write('N');
      return;
    }
    const [, user = ''] = packet.toString('latin1', 4).split('\0');
    seen.push(`login ${user}`);
    isLoggedIn = true;
    const told = Object.entries(parameters).map((pair) => message('S', Buffer.from(`${pair.join('\0')}\0`)));
    socket.write(Buffer.concat([message('R', int32(0)), ...told, READY]));
  };
  socket.on('data', (chunk) => {
    pending = Buffer.concat([pending, chunk]);
    for (;;) {
      const at = isLoggedIn ? 1 : 0;
      const length = pending.length < at + 4 ? Infinity : pending.readInt32BE(at);
      if (pending.length < at + length) {
        return;
      }
      const [kind, body] = [pending.toString('latin1', 0, at), pending.subarray(at + 4, at + length)];
      pending = pending.subarray(at + length);
      if (kind === '') {
        startup(body);
      } else if (kind === 'Q') {
        statement(body.toString('utf8', 0, body.length - 1));
      } else {
        socket.end();
      }
    }
  });
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
}

function int16(value: number): Buffer {
  return int32(value).subarray(2);
}

function message(kind: string, body: Buffer): Buffer {
  return Buffer.concat([Buffer.from(kind), int32(body.length + 4), body]);
}

const READY = message('Z', Buffer.from('I'));
const TEXT = 25;

function failure({ message: text }: Error): Buffer {
  return message('E', Buffer.from(`SFATAL\0C08P01\0M${text}\0\0`));
}

function rows(found: readonly Readonly<Record<string, string>>[]): Buffer[] {
  const done = message('C', Buffer.from('SHOW\0'));
  const [first] = found;
  if (first === undefined) {
    return [done];
  }
  const columns = Object.keys(first).map((name) =>
    Buffer.concat([
      Buffer.from(`${name}\0`),
      int32(0),
      int16(0),
      int32(TEXT),
      int16(-1),
      int32(-1),
      int16(0),
    ]),
  );
  const line = (row: Readonly<Record<string, string>>): Buffer => {
    const values = Object.values(row).map((value) => [int32(Buffer.byteLength(value)), Buffer.from(value)]);
    return message('D', Buffer.concat([int16(values.length), ...values.flat()]));
  };
  return [message('T', Buffer.concat([int16(columns.length), ...columns])), ...found.map(line), done];
}
