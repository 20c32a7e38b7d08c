import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { passwordLimit } from '../reload/versions.ts';
import { loadUserlist } from '../testing/pgbouncer-loader.ts';
import {
  envFormat,
  jsonFormat,
  LIBPQ_VARIABLES,
  mysqlFormat,
  pgbouncerFormat,
  pgpassFormat,
  pgpassModeProblem,
  pgServiceFormat,
  type Render,
  type RenderInput,
  rawFormat,
} from './formats.ts';

const input = (password: string, extra: Partial<RenderInput> = {}): RenderInput => ({
  credential: { username: 'app', password, issuedAt: 0, expiresAt: 900_000 },
  endpoint: { host: 'db.example', port: 5432, database: 'orders' },
  former: Buffer.alloc(0),
  pgbouncer: passwordLimit('1.24.1'),
  ...extra,
});
const text = (render: Render, password: string, extra?: Partial<RenderInput>) =>
  render(input(password, extra)).content.toString();
const nowhere = { endpoint: { host: '', port: 0, database: '' } };

describe('a format', () => {
  it('says where the database is, as far as that is known', () => {
    expect(text(pgpassFormat, 'a:b\\c')).toBe('db.example:5432:orders:app:a\\:b\\\\c\n');
    expect(text(pgpassFormat, 'x', nowhere)).toBe('*:*:*:app:x\n');
    expect(text(pgServiceFormat('orders'), 'x=y')).toBe(
      '[orders]\nhost=db.example\nport=5432\ndbname=orders\nuser=app\npassword=x=y\n',
    );
    expect(text(mysqlFormat('client'), 'a"b#c', nowhere)).toBe(
      '[client]\nuser="app"\npassword="a\\"b#c"\nenable-cleartext-plugin\n',
    );
    expect(text(envFormat(LIBPQ_VARIABLES), '$x', nowhere)).toBe("PGUSER='app'\nPGPASSWORD='$x'\n");
    expect(text(envFormat({ DB_PASS: 'password', UNTIL: 'expires-at' }), 'x')).toBe(
      "DB_PASS='x'\nUNTIL='1970-01-01T00:15:00.000Z'\n",
    );
    expect(text(rawFormat, 'x')).toBe('x');
    expect(JSON.parse(text(jsonFormat, 'é"'))).toEqual({
      username: 'app',
      password: 'é"',
      host: 'db.example',
      port: 5432,
      database: 'orders',
      expiresAt: '1970-01-01T00:15:00.000Z',
    });
  });

  it('refuses what its reader cannot hold, with the limit', () => {
    const long = (bytes: number) => 'x'.repeat(bytes);
    const refused = (render: Render, password: string, extra?: Partial<RenderInput>) => {
      try {
        return text(render, password, extra);
      } catch (error) {
        return String(error);
      }
    };
    const userlist = pgbouncerFormat('/u', undefined);
    expect(refused(userlist, long(2048))).toMatch(/2048 bytes and pgbouncer 1.24.1 reads at most 2047/);
    expect(refused(userlist, `"${long(2046)}`)).toMatch(/2048 bytes/);
    expect(refused(userlist, long(2048), { pgbouncer: passwordLimit('1.26.0') })).toContain('xxx');
    expect(refused(userlist, long(65_531), { pgbouncer: passwordLimit('1.26.0') })).toMatch(/at most 65530/);
    expect(refused(userlist, `md5${'0'.repeat(32)}`)).toMatch(/looks like an MD5 or SCRAM hash/);
    expect(refused(pgServiceFormat('s'), long(1014))).toMatch(/at most 1021/);
    expect(refused(mysqlFormat('client'), long(4090))).toMatch(/at most 4094/);
    expect(pgpassModeProblem(0o640)).toMatch(/0600/);
    expect(pgpassModeProblem(0o400)).toBeUndefined();
  });

  it('of a userlist takes in the users of another file, and its own line wins', () => {
    const included = Buffer.from('"django" "static"\n"app" "not this"\nrubbish\n');
    const { content, warnings } = pgbouncerFormat('/u', undefined)(input('token', { included }));
    expect(Object.fromEntries(loadUserlist(content).users)).toEqual({ django: 'static', app: 'token' });
    expect(warnings).toEqual(['pgbouncer cannot read line 3 of the included file: left out']);
    const again = pgbouncerFormat('/u', undefined)(input('token', { included, former: content }));
    expect(again.content).toEqual(content);
  });

  it('of an env file is read by a shell word for word', () => {
    const password = fc.string().filter((value) => !/['\p{Cc}]/u.test(value) && value !== '');
    fc.assert(
      fc.property(password, (value) => {
        expect(text(envFormat({ P: 'password' }), value)).toBe(`P='${value}'\n`);
      }),
    );
  });
});
