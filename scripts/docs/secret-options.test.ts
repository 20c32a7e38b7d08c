/** Every option of every command that can hold a secret declares it, and nothing shows what it holds. */
import { describe, expect, it } from 'vitest';
import { createSecrets } from '../../src/core/log/secrets.ts';
import { optionsTable, renderHelp } from '../../src/core/options/help.ts';
import type { Option, Options } from '../../src/core/options/option.ts';
import { createRedactor } from '../../src/core/options/redactor.ts';
import { secretVariables, withoutVariables } from '../../src/core/options/secrecy.ts';
import { documentedCommands } from './commands.ts';

const CANARY = 'c4n4ry-p@ss w0rd';
const URL_WITH_CANARY = `https://u:${encodeURIComponent(CANARY)}@host/?token=${encodeURIComponent(CANARY)}`;

/** A value with the canary, by the kind of the secret; those with parts of their own by flag. */
const SAMPLES: Readonly<Record<string, string>> = {
  true: CANARY,
  url: URL_WITH_CANARY,
  'capability-url': `https://host/services/${encodeURIComponent(CANARY)}`,
  credential: JSON.stringify({ url: URL_WITH_CANARY, username: 'u', password: CANARY }),
  webhook: JSON.stringify({
    url: `https://host/services/${encodeURIComponent(CANARY)}`,
    headers: { 'X-Token': CANARY },
  }),
  'git-config': `http.extraHeader:"X-Token: ${CANARY}"`,
  'git-config-add': `"url.${URL_WITH_CANARY}.insteadOf":x`,
};

/** What says by its name that it holds a secret; a file's name or a user's is none. */
const SUSPICIOUS = /password|secret|token|credential|private-key|dsn|git-config|(^|-)(url|repo)$/i;
const HARMLESS = /-file$|^credentials?-(ttl|dir|scope|command|identity)$|^secret$/;

const tables = documentedCommands.flatMap(({ name, sections }) =>
  sections.flatMap(({ heading, options }) => (options ? [{ name: `${name}: ${heading}`, options }] : [])),
);

function sampleOf({ flag, secret }: Option<unknown>): string {
  const sample = SAMPLES[typeof secret === 'object' ? flag : String(secret)];
  if (sample === undefined) {
    throw new Error(`no sample of a secret for --${flag}`);
  }
  return sample;
}

/** Every spelling of the canary that output could have. */
const LEAKS = [CANARY, encodeURIComponent(CANARY), 'c4n4ry'];

function expectNoLeak(text: string): void {
  for (const leak of LEAKS) {
    expect(text).not.toContain(leak);
  }
}

const only = (declared: Option<unknown>): Options => ({ it: declared });

describe.each(tables)('$name', ({ options }) => {
  const declared = Object.values(options).map((row) => [row.flag, row] as const);

  it('declares every option that can hold a secret', () => {
    // Yes or no is no secret, whatever it is asked about.
    const isOpen = ({ secret, default: value }: Option<unknown>) =>
      secret === undefined && typeof value !== 'boolean';
    const open = declared.filter(([, row]) => isOpen(row)).map(([flag]) => flag);
    expect(open.filter((flag) => SUSPICIOUS.test(flag) && !HARMLESS.test(flag))).toEqual([]);
  });

  const secrets = declared.filter(([, { secret }]) => secret !== undefined);

  it.runIf(secrets.length > 0).each(secrets)('neither shows nor logs what --%s holds', (_, row) => {
    const sample = sampleOf(row);
    const known = createSecrets();
    const redactor = createRedactor(only(row), known);
    redactor.register(row, sample);
    expectNoLeak(redactor.showValue(row, sample));
    expectNoLeak(redactor.showArgument(`--${row.flag}=${sample}`));
    for (const text of [
      sample,
      JSON.stringify({ sample }),
      `a ${CANARY} b`,
      Buffer.from(CANARY).toString('base64'),
    ]) {
      expectNoLeak(known.redact(text));
    }
  });

  it.runIf(secrets.length > 0).each(secrets)(
    'has no variable of --%s in the environment of a hook',
    (_, row) => {
      const env = Object.fromEntries((row.env ?? []).map((name) => [name, sampleOf(row)]));
      expect(withoutVariables({ ...env, PATH: '/bin' }, secretVariables(options))).toEqual({ PATH: '/bin' });
    },
  );

  it('has a help and a reference without what a secret holds by default', () => {
    const whole = secrets.filter(([, { secret }]) => secret === true).map(([, row]) => row);
    for (const row of whole) {
      const table = only({ ...row, default: CANARY, hidden: false });
      expectNoLeak(optionsTable(table));
      expectNoLeak(renderHelp({ usage: '', summary: '', options: table }));
    }
  });
});
