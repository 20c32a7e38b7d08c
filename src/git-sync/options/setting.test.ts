import { describe, expect, it } from 'vitest';
import { defineOptions, option } from '../../core/options/option.ts';
import { bool, int, string } from '../../core/options/value-types.ts';
import { defaultSettings, fillSettings, opening, setting } from './setting.ts';

const table = defineOptions({
  depth: setting('depth', { flag: 'depth', type: int, default: 1, help: '' }),
  wait: setting('waitMs', { flag: 'wait', type: int, default: 2, help: '' }, (seconds) => seconds * 1000),
  cookies: setting('cookieFile', { flag: 'cookies', type: bool, default: false, help: '' }, (isUsed) =>
    isUsed ? '/cookies' : undefined,
  ),
  url: opening('webhook.url', { flag: 'url', type: string, default: '', help: '' }),
  method: setting('webhook.method', { flag: 'method', type: string, default: 'POST', help: '' }),
  hosts: setting('ssh.hosts', { flag: 'hosts', type: string, default: '', help: '' }),
  byHand: option({ flag: 'by-hand', type: string, default: '', help: '' }),
});
const given = { depth: 3, wait: 4, cookies: true, url: 'http://w/', method: 'PUT', hosts: 'h', byHand: 'x' };

describe('the settings that options fill', () => {
  it('have the values of their options, converted where the row says so', () => {
    expect(fillSettings(table, given)).toStrictEqual({
      depth: 3,
      waitMs: 4000,
      cookieFile: '/cookies',
      webhook: { url: 'http://w/', method: 'PUT' },
      ssh: { hosts: 'h' },
    });
  });

  it('lack what is converted to nothing, and groups that are not asked for', () => {
    expect(fillSettings(table, { ...given, cookies: false, url: '' })).toStrictEqual({
      depth: 3,
      waitMs: 4000,
      ssh: { hosts: 'h' },
    });
  });

  it('have the defaults of their options when nothing is given', () => {
    expect(defaultSettings(table)).toStrictEqual({ depth: 1, waitMs: 2000, ssh: { hosts: '' } });
  });

  it('are typed by their rows', () => {
    const settings = fillSettings(table, given);
    const waitMs: number = settings.waitMs;
    const cookieFile: string | undefined = settings.cookieFile;
    // @ts-expect-error -- a group that an option opens may be left out
    const method: string = settings.webhook.method;
    // @ts-expect-error -- an option without a setting fills none
    const { byHand } = settings;
    expect([waitMs, cookieFile, method, byHand]).toEqual([4000, '/cookies', 'PUT', undefined]);
  });
});
