/** A small LDAP server: simple binds only, judged by a function. PostgreSQL's `ldap` method hands passwords to it. */
import { createServer, type Socket } from 'node:net';
import { listenAt, type Place } from '../listen.ts';

export interface Bind {
  /** As PostgreSQL makes it of prefix, user and suffix: `cn=USER,dc=rds`. */
  readonly name: string;
  readonly password: string;
}

export interface LdapServer {
  readonly port: number;
  stop(): Promise<void>;
}

const SEQUENCE = 0x30;
const BIND_REQUEST = 0x60;
const SIMPLE = 0x80;
const INVALID_CREDENTIALS = 49;

interface Element {
  readonly tag: number;
  readonly value: Buffer;
  readonly end: number;
}

/** One BER element at an offset; undefined while it is not complete. */
function elementAt(buffer: Buffer, offset: number): Element | undefined {
  if (buffer.length < offset + 2) {
    return undefined;
  }
  const first = buffer.readUInt8(offset + 1);
  const lengthBytes = first < 0x80 ? 0 : first & 0x7f;
  const start = offset + 2 + lengthBytes;
  if (buffer.length < start) {
    return undefined;
  }
  const length = lengthBytes === 0 ? first : buffer.readUIntBE(offset + 2, lengthBytes);
  const end = start + length;
  return buffer.length < end
    ? undefined
    : { tag: buffer.readUInt8(offset), value: buffer.subarray(start, end), end };
}

function childrenOf(value: Buffer): Element[] {
  const children: Element[] = [];
  for (let at = 0; ; ) {
    const child = elementAt(value, at);
    if (child === undefined) {
      return children;
    }
    children.push(child);
    at = child.end;
  }
}

function encode(tag: number, ...parts: readonly Buffer[]): Buffer {
  const value = Buffer.concat(parts);
  return Buffer.concat([Buffer.from([tag, value.length]), value]);
}

/**
 * @param isAllowed judges each bind
 * @param delayMs how long the answer to a bind takes, asked at each
 */
export async function startLdapServer(
  isAllowed: (bind: Bind) => boolean,
  place: Place = {},
  delayMs: () => number = () => 0,
): Promise<LdapServer> {
  const server = createServer((socket: Socket) => {
    let rest = Buffer.alloc(0);
    socket.on('error', () => undefined);
    socket.on('data', (chunk) => {
      rest = Buffer.concat([rest, chunk]);
      for (let message = elementAt(rest, 0); message !== undefined; message = elementAt(rest, 0)) {
        rest = rest.subarray(message.end);
        const [id, operation] = childrenOf(message.value);
        if (message.tag !== SEQUENCE || operation?.tag !== BIND_REQUEST) {
          socket.end();
          return;
        }
        const [, name, password] = childrenOf(operation.value);
        const isSimple = password?.tag === SIMPLE;
        const bind = { name: name?.value.toString() ?? '', password: password?.value.toString() ?? '' };
        const code = isSimple && isAllowed(bind) ? 0 : INVALID_CREDENTIALS;
        const empty = encode(0x04);
        const response = encode(0x61, encode(0x0a, Buffer.from([code])), empty, empty);
        const answer = encode(SEQUENCE, encode(0x02, id?.value ?? Buffer.from([0])), response);
        const delay = delayMs();
        if (delay === 0) {
          socket.write(answer);
        } else {
          setTimeout(() => socket.write(answer), delay);
        }
      }
    });
  });
  const { port, down } = await listenAt(server, place);
  return { port, stop: down };
}
