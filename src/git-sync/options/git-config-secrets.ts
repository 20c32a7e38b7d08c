/** Secrets in `--git-config`: all values are hidden, and looked for where their key or form gives them away as secrets. */
import { REDACTED } from '../../core/log/secrets.ts';
import type { SecretParts } from '../../core/options/secrecy.ts';
import { type FoundSecret, redactUrls, urlSecrets } from '../../core/options/url-secrets.ts';
import type { GitConfigPair } from '../../git/settings.ts';
import { formatGitConfig, parseGitConfig } from './git-config-grammar.ts';

/** A header gives away its content, that its last word, and `Authorization: Basic ...` the password inside. */
function headerSecrets(value: string): string[] {
  const words = value.trim().split(/\s+/);
  const token = words.at(-1) ?? '';
  const isBasic = words.at(-2)?.toLowerCase() === 'basic';
  const password = isBasic ? Buffer.from(token, 'base64').toString().split(':').slice(1).join(':') : '';
  const content = value.slice(value.indexOf(':') + 1).trim();
  return [value, content, token, password].filter((secret) => secret !== '');
}

const SECRET_KEY = /(extraheader|password|token|secret)$/i;
/** A header under a key that was not quoted ends up in the value with the rest of the key. */
const SECRET_VALUE = /authorization:|bearer |extraheader/i;

/** Configuration that holds secrets by its nature: extra headers, and whatever is called so. */
function secretsIn({ key, value }: GitConfigPair): FoundSecret[] {
  const named = SECRET_KEY.test(key) || SECRET_VALUE.test(value) ? headerSecrets(value) : [];
  return [...named.map((secret) => ({ value: secret })), ...urlSecrets(key), ...urlSecrets(value)];
}

function pairsOf(text: string): readonly GitConfigPair[] | undefined {
  try {
    return parseGitConfig(text);
  } catch {
    return undefined;
  }
}

/** For options whose values have the grammar of `--git-config`. */
export const GIT_CONFIG_SECRETS: SecretParts = {
  find: (text) => (pairsOf(text) ?? []).flatMap(secretsIn),
  show(text) {
    const shown = pairsOf(text)?.map(({ key }) => ({ key: redactUrls(key, REDACTED), value: REDACTED }));
    return shown === undefined ? REDACTED : formatGitConfig(shown);
  },
};
