import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createSecrets } from '../../core/log/secrets.ts';
import type { Options } from '../../core/options/option.ts';
import { parse, REPO } from './testing/parse.ts';
import { v3Options } from './v3/options.ts';
import { v4Options } from './v4/options.ts';

const CANARY = 'c4n4ry/Pass:word@1';
const ENCODED = encodeURIComponent(CANARY);

const tables: readonly Options[] = [v4Options, v3Options];
const flags = tables.flatMap((table) => Object.values(table).map((declared) => declared.flag));
const variables = [
  ...tables.flatMap((table) => Object.values(table).flatMap((declared) => declared.env ?? [])),
  'PILLION_GIT_SYNC_DIALECT',
  'HOME',
];

const value = fc.oneof(
  fc.string(),
  fc.constantFrom(
    '',
    '0',
    '1',
    'true',
    'false',
    '10s',
    '-1',
    'x:y',
    '{',
    '[]',
    'v3',
    'v4',
    REPO,
    '/r',
    'HEAD',
  ),
);
const argument = fc.oneof(
  { weight: 1, arbitrary: fc.string() },
  { weight: 1, arbitrary: fc.constantFrom('-v', '-h', '-?', '--', '-', '---', '-=', '--=') },
  {
    weight: 6,
    arbitrary: fc
      .tuple(fc.constantFrom('-', '--'), fc.constantFrom(...flags), fc.option(value))
      .map(([dash, flag, text]) => `${dash}${flag}${text === null ? '' : `=${text}`}`),
  },
);
const environment = fc.dictionary(fc.constantFrom(...variables), value, { maxKeys: 5 });

/** All that a result would print or log. */
function said(result: ReturnType<typeof parse>): string {
  if (result.kind === 'exit') {
    return [result.stdout, result.stderr, result.errorFile?.text ?? ''].join('\n');
  }
  const { shown } = result.kind === 'config' ? result.given : result.settings;
  return JSON.stringify([result.notes, shown]);
}

/** Places in which users keep secrets: flags, variables, in v4 and v3. */
const secretFlags = [
  `--password=${CANARY}`,
  `--__env__GITSYNC_PASSWORD=${CANARY}`,
  `--__env__GITSYNC_GITHUB_APP_PRIVATE_KEY=${CANARY}`,
  `--repo=https://u:${ENCODED}@h/x`,
  `--repo=https://u:${CANARY}@h/x`,
  `--webhook-url=https://u:${ENCODED}@h/x`,
  `--askpass-url=https://u:${ENCODED}@h/x`,
  `--github-base-url=https://u:${ENCODED}@h/x`,
  `--credential={"url":"h","username":"u","password":"${CANARY}"}`,
  `--credential=[{"url":"h","username":"u","password":"${CANARY}"`,
  `--credential={"url":"h","username":"u","password":["${CANARY}"]}`,
  `--git-config=http.extraHeader:Authorization: ${CANARY}`,
  `--git-config=http.extraHeader:"${CANARY}`,
  `--git-config-add=http.proxy:https://u:${ENCODED}@h/x`,
  `-password=${CANARY}`,
  `---password=${CANARY}`,
  `--passwrd=${CANARY}`,
  `-x=${CANARY}`,
  `-git-config=x:y,"z:${CANARY}`,
];
const secretVariables: Readonly<Record<string, string>> = {
  GITSYNC_PASSWORD: CANARY,
  GIT_SYNC_PASSWORD: CANARY,
  GITSYNC_GITHUB_APP_PRIVATE_KEY: CANARY,
  GITSYNC_CREDENTIAL: `[{"url":"h","username":"u","password":"${CANARY}"}]`,
  GITSYNC_REPO: `https://u:${ENCODED}@h/x`,
  GIT_SYNC_REPO: `https://u:${CANARY}@h/x`,
  GIT_SYNC_WEBHOOK_URL: `https://u:${ENCODED}@h/x`,
  GIT_ASKPASS_URL: `https://u:${ENCODED}@h/x`,
  GITSYNC_GIT_CONFIG: `http.extraHeader:${CANARY}`,
  GIT_SYNC_GIT_CONFIG: `http.extraHeader:"${CANARY}`,
};

describe('parseGitSync', () => {
  it('answers any arguments and any environment with settings or an exit, and never throws', () => {
    fc.assert(
      fc.property(fc.array(argument, { maxLength: 8 }), environment, fc.boolean(), (argv, env, complete) => {
        const result = parse({ argv: complete ? [`--repo=${REPO}`, '--root=/r', ...argv] : argv, env });
        if (result.kind === 'exit') {
          expect([0, 1, 2]).toContain(result.code);
          expect(result.stdout + result.stderr).not.toBe('');
        } else if (result.kind === 'config') {
          expect(result.file.startsWith('/')).toBe(true);
        } else {
          expect(result.settings.root.startsWith('/')).toBe(true);
          expect(result.settings.link).not.toBe('');
          expect(result.settings.periodMs).toBeGreaterThanOrEqual(10);
        }
      }),
      { numRuns: 1500 },
    );
  });

  it('never prints, logs or shows a secret, whatever stands next to it, even a flag that swallows it', () => {
    const secrets = fc.shuffledSubarray(secretFlags, { minLength: 1, maxLength: 4 });
    const hidden = fc
      .subarray(Object.keys(secretVariables))
      .map((names) => Object.fromEntries(names.map((name) => [name, secretVariables[name]])));
    fc.assert(
      fc.property(
        secrets,
        fc.array(argument, { maxLength: 4 }),
        environment,
        hidden,
        (given, noise, env, more) => {
          for (const argv of [
            [...noise, ...given],
            ['--root=/r', `--repo=${REPO}`, '--username=u', ...given],
            ['-root=/r', ...given],
          ]) {
            const output = said(parse({ argv, env: { ...env, ...more } }));
            expect(output).not.toContain('c4n4ry');
          }
        },
      ),
      { numRuns: 800 },
    );
  });

  it('tells of every secret that ends up in the settings', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[!-~]{4,20}$/), (password) => {
        const secrets = createSecrets();
        const env = { GITSYNC_PASSWORD: password };
        parse({ argv: [`--repo=${REPO}`, '--root=/r', '--username=u'], env, secrets });
        expect(secrets.redact(`password=${password}`)).not.toContain(password);
      }),
    );
  });

  it('does not change what it is given', () => {
    const argv = Object.freeze(['--repo=x', '--root=y', '-v3']);
    const env = Object.freeze({ GITSYNC_DEPTH: '2' });
    expect(parse({ argv, env }).kind).toBe('run');
  });
});
