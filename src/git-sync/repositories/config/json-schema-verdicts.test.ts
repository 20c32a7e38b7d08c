/** Whether an editor with the schema and the program say the same of a file. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseDocument } from 'yaml';
import { createAccepts, isMap, type Json, listAt } from '../../../../test/support/json-schema.ts';
import { isPillionError } from '../../../core/errors.ts';
import { createSecrets } from '../../../core/log/secrets.ts';
import { parse } from '../../cli/testing/parse.ts';
import { configSchema } from './json-schema.ts';
import { parseConfig } from './parse-config.ts';
import { ENTRY_OPTIONS } from './tables.ts';

const accepts = createAccepts(configSchema() as Json);
const GUIDE = join(import.meta.dirname, '../../../../docs/guides/git-sync.md');

/** What the program says against a file; undefined for nothing. */
async function complaintOf(text: string): Promise<string | undefined> {
  const secrets = createSecrets();
  const asked = parse({ argv: ['--config=/c.yaml'], secrets });
  if (asked.kind !== 'config') {
    throw new Error('no configuration was asked for');
  }
  try {
    await parseConfig(text, 'c.yaml', asked.given, secrets);
    return undefined;
  } catch (error) {
    if (isPillionError(error) && error.code === 'usage') {
      return error.message;
    }
    throw error;
  }
}

/** A file with one repository; what is JSON is YAML too. */
const fileWith = (entry: object) => ({
  root: '/git',
  repositories: [{ repo: 'https://git.example/org/one', ...entry }],
});

async function verdicts(entry: object) {
  const text = JSON.stringify(fileWith(entry));
  const complaint = await complaintOf(text);
  return { program: complaint === undefined, schema: accepts(JSON.parse(text) as Json) };
}

const URL = 'https://deploys.example/hook';
const LIBS = 'https://git.example/libs/';

describe('the schema of the file of --config and the program', () => {
  it.each<[object]>([
    [{ webhook: { url: URL } }],
    [{ webhook: [{ url: URL, 'secret-file': '/k', headers: { 'X-Environment': 'production' } }] }],
    [{ webhook: { url: URL, name: 'a', method: 'put', body: 'none', timeout: '5s', backoff: '1m' } }],
    [{ webhook: { url: URL, 'success-status': 204, username: 'u', 'password-file': '/p' } }],
    [{ webhook: { url: URL, 'bearer-file': '/b', 'signature-header': 'X-Signature', 'success-status': 0 } }],
    [{ webhook: `{"url":"${URL}"}` }],
    [{ webhook: '' }],
    [{ credential: { url: LIBS, username: 'reader', 'password-file': '/p' } }],
    [{ credential: { url: LIBS, command: ['/scripts/token', 'get'] } }],
    [{ credential: { url: LIBS, command: '/scripts/token' } }],
    [
      {
        credential: [
          { url: LIBS, identity: 'azure' },
          { url: URL, username: 'u', password: 'secret-of-u' },
        ],
      },
    ],
    [{ 'pre-publish': ['["npm","ci"]', './scripts/validate'] }],
    [{ 'pre-publish': './scripts/validate' }],
    [{ 'exechook-command': '/bin/x', 'exechook-args': ['--port', 8080, true] }],
    [{ 'credential-identity': 'google' }],
    [{ 'credential-identity': '' }],
    [{ publish: 'copy', 'publish-foreign-files': 'remove', 'reuse-worktrees': 'off' }],
    [{ 'max-backoff': 0, period: '1m30s' }],
  ])('take %j', async (entry) => {
    expect(await verdicts(entry)).toEqual({ program: true, schema: true });
  });

  it.each<[object]>([
    [{ webhook: { url: LIBS, password: 'x' } }],
    [{ webhook: { username: 'u', 'password-file': '/p' } }],
    [{ webhook: { url: URL, username: 'u' } }],
    [{ webhook: { url: 'ftp://deploys.example' } }],
    [{ webhook: { url: URL, body: 'xml' } }],
    [{ webhook: { url: URL, method: 'GET /' } }],
    [{ webhook: { url: URL, timeout: 5 } }],
    [{ webhook: { url: URL, 'success-status': 20 } }],
    [{ webhook: { url: URL, headers: { 'X A': 'b' } } }],
    [{ webhook: { url: URL, headers: { 'X-A': 1 } } }],
    [{ webhook: 'https://deploys.example/hook' }],
    [{ webhook: [`{"url":"${URL}"}`] }],
    [{ credential: { username: 'u', password: 'secret-of-u' } }],
    [{ credential: { url: LIBS, username: 'u', token: 'x' } }],
    [{ credential: { url: LIBS, command: [] } }],
    [{ credential: { url: LIBS, command: ['', 'get'] } }],
    [{ credential: { url: LIBS, command: ['/scripts/token', 1] } }],
    [{ credential: { url: LIBS, identity: 'gcp' } }],
    [{ 'pre-publish': [['npm', 'ci']] }],
    [{ 'pre-publish': { npm: 'ci' } }],
    [{ 'exechook-command': '/bin/x', 'exechook-args': [['--port', '8080']] }],
    [{ ref: 1.1 }],
    [{ 'max-backoff': 10 }],
  ])('refuse %j', async (entry) => {
    expect(await verdicts(entry)).toEqual({ program: false, schema: false });
  });

  it('have the same words where a value is one of a list', async () => {
    const texts = Object.values(ENTRY_OPTIONS).filter(({ type }) => type.name === 'string' && !type.repeats);
    const listed: string[] = [];
    for (const { flag } of texts) {
      const entry = { [flag]: 'no-such-word' };
      const complaint = (await complaintOf(JSON.stringify(fileWith(entry)))) ?? '';
      const words = new RegExp(String.raw`: ${flag} must be (?:one of )?((?:"[\w-]+"(?:,? or |, )?)+)`).exec(
        complaint,
      )?.[1];
      expect([flag, accepts(fileWith(entry) as Json)]).toEqual([flag, words === undefined]);
      for (const [word] of (words ?? '').matchAll(/[\w-]{2,}/g)) {
        expect([flag, word, word === 'or' || accepts(fileWith({ [flag]: word }))]).toEqual([
          flag,
          word,
          true,
        ]);
      }
      listed.push(...(words === undefined ? [] : [flag]));
    }
    expect(listed).toContain('reuse-worktrees');
    expect(listed).toContain('publish');
    expect(listed.length).toBeGreaterThanOrEqual(8);
  });

  it('take every example of the guide', async () => {
    const guide = await readFile(GUIDE, 'utf8');
    const examples = [...guide.matchAll(/^```yaml\n(.*?)^```/gms)].map(([, text = '']) => text);
    const files = examples.filter((text) => /^repositories:/m.test(text));
    expect(files.length).toBeGreaterThan(0);
    for (const text of files) {
      expect(await complaintOf(text)).toBeUndefined();
      expect([text, accepts(parseDocument(text).toJS() as Json)]).toEqual([text, true]);
    }
    // What a command line takes as JSON may stand in a file as a mapping.
    const args = examples.flatMap((text) => {
      const content = parseDocument(text).toJS() as Json;
      return Array.isArray(content) ? content : isMap(content) ? listAt(content, 'args') : [];
    });
    const objects = args.flatMap((arg: Json) => {
      const [, flag = '', json = ''] =
        /^--(credential|webhook)=(.*)$/s.exec(typeof arg === 'string' ? arg : '') ?? [];
      return flag === '' ? [] : [{ [flag]: JSON.parse(json) as Json }];
    });
    expect(objects.flatMap(Object.keys).toSorted()).toEqual(['credential', 'webhook']);
    for (const entry of objects) {
      expect([entry, await verdicts(entry)]).toEqual([entry, { program: true, schema: true }]);
    }
  });
});
