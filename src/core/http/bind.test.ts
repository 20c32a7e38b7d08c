import { describe, expect, it } from 'vitest';
import { PillionError } from '../errors.ts';
import { parseBind } from './bind.ts';
import { listenError } from './errors.ts';

function hintOf(text: string): string | undefined {
  try {
    parseBind(text);
    return 'accepted';
  } catch (error) {
    return error instanceof PillionError ? error.hint : 'another error';
  }
}

describe('parseBind', () => {
  it.each([
    [':8080', undefined, 8080],
    ['[]:80', undefined, 80],
    ['127.0.0.1:0', '127.0.0.1', 0],
    ['localhost:65535', 'localhost', 65_535],
    ['[::1]:0', '::1', 0],
    ['[::]:9376', '::', 9376],
  ])('reads %s', (text, host, port) => {
    expect(parseBind(text)).toEqual({ host, port });
  });

  it.each([
    ['8080', 'use ":8080"'],
    ['localhost', 'use "localhost:PORT"'],
    ['', 'PORT'],
    ['::1:80', 'brackets'],
    ['[::1]', 'brackets'],
    ['[localhost]:80', 'IPv6 address'],
    ['http://localhost:80', 'scheme'],
    ['http://localhost:80/', 'scheme'],
    [':65536', '0 to 65535'],
    [':http', '0 to 65535'],
    [':', '0 to 65535'],
    [':-1', '0 to 65535'],
  ])('refuses %j and shows the right form', (text, hint) => {
    expect(hintOf(text)).toContain(hint);
  });
});

describe('listenError', () => {
  it('has a hint for what commonly goes wrong', () => {
    const error = listenError(':80', Object.assign(new Error('listen'), { code: 'EACCES' }));
    expect([error.code, error.exitCode]).toEqual(['bind_failed', 1]);
    expect(error.hint).toContain('choose a higher port');
    expect(listenError(':80', new Error('odd')).message).toBe('cannot listen on :80');
  });
});
