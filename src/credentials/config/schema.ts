/** The keys of a configuration, the same in a file and on the command line. Shapes only: `build.ts` makes sense of them. */
import * as v from 'valibot';
import { parseGoDuration } from '../../core/options/go-values.ts';
import { isPointer } from '../providers/answer.ts';
import { FORMATS } from './names.ts';

const filled = v.pipe(v.string('must be a string'), v.minLength(1, 'must not be empty'));
/** As long as a path may be on Linux. Names, paths and addresses are part of messages, logs and metrics. */
const LONGEST = 4096;
const text = v.pipe(filled, v.maxLength(LONGEST, `must not have more than ${LONGEST} characters`));
const port = v.pipe(
  v.union([v.number(), v.pipe(v.string(), v.regex(/^\d{1,5}$/), v.transform(Number))], 'must be a port'),
  v.integer('must be a port'),
  v.minValue(1, 'must be a port'),
  v.maxValue(65_535, 'must be a port'),
);
const bool = v.union(
  [
    v.boolean(),
    v.pipe(
      v.picklist(['true', 'false']),
      v.transform((word) => word === 'true'),
    ),
  ],
  'must be true or false',
);
/** `30s`, `15m`, in milliseconds. */
const duration = v.pipe(
  v.string('must be a duration such as 30s or 15m'),
  v.rawTransform(({ dataset, addIssue, NEVER }) => {
    try {
      const ms = parseGoDuration(dataset.value);
      if (ms > 0) {
        return ms;
      }
    } catch {
      // Said below.
    }
    addIssue({ message: 'must be a duration above 0 such as 30s or 15m' });
    return NEVER;
  }),
);
/** Octal, as chmod takes it. YAML 1.2 reads `0640` as the number 640, which means the same digits. */
const mode = v.pipe(
  v.union([v.pipe(v.number(), v.transform(String)), v.string()], 'must be a mode such as "0640"'),
  v.regex(/^(0o)?[0-7]{3,4}$/, 'must be a mode such as "0640"'),
  v.transform((digits) => Number.parseInt(digits.replace('0o', ''), 8)),
  v.check((bits) => (bits & 0o111) === 0, 'must not make a file executable'),
);
const httpUrl = v.pipe(
  text,
  v.check((url) => /^https?:\/\//.test(url) && URL.canParse(url), 'must be a URL with http:// or https://'),
);
const pointer = v.pipe(v.string(), v.check(isPointer, 'must be a JSON pointer such as /data/token'));
const strings = v.record(v.string(), v.string('must be a string'), 'must be a map of strings');
const argv = v.pipe(
  v.array(v.string('must be a string'), 'must be a list: the program and its arguments'),
  v.minLength(1, 'must name a program'),
  v.check(
    ([program = '']) => program !== '' && program.length <= LONGEST,
    `must name a program, with at most ${LONGEST} characters`,
  ),
);
const path = v.pipe(text, v.startsWith('/', 'must be an absolute path'));

const tlsFiles = {
  'ca-file': v.optional(path),
  'cert-file': v.optional(path),
  'key-file': v.optional(path),
};

const outputObject = v.strictObject({
  format: v.picklist(FORMATS, `must be one of ${FORMATS.join(', ')}`),
  path,
  mode: v.optional(mode),
  'pgbouncer-version': v.optional(
    v.pipe(v.string('must be a string such as "1.26"'), v.regex(/^\d{1,4}\.\d{1,4}(\.\d{1,4})?$/)),
  ),
  include: v.optional(path),
  service: v.optional(v.pipe(text, v.regex(/^[\w.-]+$/, 'must be a plain name'))),
  group: v.optional(v.pipe(text, v.regex(/^[\w.-]+$/, 'must be a plain name'))),
  variables: v.optional(strings),
  template: v.optional(filled),
  'template-file': v.optional(path),
  escape: v.optional(text),
});
/** `pgbouncer=/shared/users.txt,mode=0640` is short for `{format, path, mode}`. */
const output = v.union([text, outputObject], 'must be FORMAT=PATH or a map with format and path');
export type OutputEntry = v.InferOutput<typeof output>;
export type OutputObject = v.InferOutput<typeof outputObject>;

const loginKeys = {
  user: v.optional(text),
  'password-file': v.optional(path),
  'ca-file': v.optional(path),
};
const timeout = { timeout: v.optional(duration) };

const reloadObject = v.variant(
  'type',
  [
    v.strictObject({
      type: v.literal('pgbouncer'),
      address: text,
      ...loginKeys,
      ...timeout,
      proof: v.optional(v.picklist(['login', 'none'], 'must be login or none')),
      database: v.optional(text),
    }),
    v.strictObject({
      type: v.literal('login'),
      address: text,
      database: text,
      'ca-file': v.optional(path),
      ...timeout,
    }),
    v.strictObject({
      type: v.literal('signal'),
      'pid-file': v.optional(path),
      process: v.optional(text),
      signal: v.optional(
        v.picklist(['HUP', 'USR1', 'USR2', 'TERM', 'INT'], 'must be HUP, USR1, USR2, TERM or INT'),
      ),
    }),
    v.strictObject({
      type: v.literal('http'),
      url: httpUrl,
      method: v.optional(v.picklist(['GET', 'POST', 'PUT', 'PATCH'], 'must be GET, POST, PUT or PATCH')),
      headers: v.optional(strings),
      body: v.optional(v.string()),
      'bearer-file': v.optional(path),
      ...tlsFiles,
      ...timeout,
    }),
    v.strictObject({ type: v.literal('command'), command: argv, ...timeout }),
  ],
  'must be pgbouncer, login, signal, http or command',
);
/** `pgbouncer=ADDRESS`, `signal=PIDFILE`, `http=URL`, `command=PROGRAM` are short for the maps. */
const reload = v.union([text, reloadObject], 'must be TYPE=TARGET or a map with type');
export type ReloadEntry = v.InferOutput<typeof reload>;
export type ReloadObject = v.InferOutput<typeof reloadObject>;

const testLogin = v.strictObject({
  database: text,
  host: v.optional(text),
  port: v.optional(port),
  tls: v.optional(v.picklist(['verify-full', 'off'], 'must be verify-full or off')),
  'ca-file': v.optional(path),
  ...timeout,
});
export type TestLoginEntry = v.InferOutput<typeof testLogin>;

const common = {
  name: v.optional(
    v.pipe(text, v.regex(/^[A-Za-z0-9][\w.-]{0,62}$/, 'must be letters, digits, . _ -, at most 63')),
  ),
  host: v.optional(text),
  port: v.optional(port),
  user: v.optional(text),
  database: v.optional(text),
  outputs: v.optional(v.array(output, 'must be a list')),
  reload: v.optional(v.array(reload, 'must be a list')),
  'test-login': v.optional(testLogin),
  timeout: v.optional(duration),
  'min-interval': v.optional(duration),
  'max-interval': v.optional(duration),
};
const lifetime = { lifetime: v.optional(duration) };

/** What each provider takes besides the common keys. */
export const PROVIDERS = {
  'aws-rds': { region: v.optional(text), profile: v.optional(text) },
  gcp: { account: v.optional(text), scope: v.optional(text), 'metadata-url': v.optional(httpUrl) },
  azure: {
    resource: v.optional(httpUrl),
    'client-id': v.optional(text),
    'metadata-url': v.optional(httpUrl),
  },
  exec: { command: argv, env: v.optional(strings), ...lifetime },
  http: {
    url: httpUrl,
    method: v.optional(v.picklist(['GET', 'POST'], 'must be GET or POST')),
    headers: v.optional(strings),
    body: v.optional(v.string()),
    'bearer-file': v.optional(path),
    'password-pointer': v.optional(pointer),
    'username-pointer': v.optional(pointer),
    'expires-at-pointer': v.optional(pointer),
    'expires-in-pointer': v.optional(pointer),
    ...tlsFiles,
    ...lifetime,
  },
  file: { path, format: v.optional(v.picklist(['text', 'json'], 'must be text or json')), ...lifetime },
  vault: {
    address: httpUrl,
    mount: v.optional(text),
    role: text,
    static: v.optional(bool),
    namespace: v.optional(text),
    'token-file': v.optional(path),
    'kubernetes-role': v.optional(text),
    'kubernetes-mount': v.optional(text),
    'jwt-file': v.optional(path),
    'revoke-at-end': v.optional(bool),
    ...tlsFiles,
  },
} as const;
export type ProviderName = keyof typeof PROVIDERS;

export const credentialEntry = v.variant(
  'provider',
  [
    v.strictObject({ provider: v.literal('aws-rds'), ...common, ...PROVIDERS['aws-rds'] }),
    v.strictObject({ provider: v.literal('gcp'), ...common, ...PROVIDERS.gcp }),
    v.strictObject({ provider: v.literal('azure'), ...common, ...PROVIDERS.azure }),
    v.strictObject({ provider: v.literal('exec'), ...common, ...PROVIDERS.exec }),
    v.strictObject({ provider: v.literal('http'), ...common, ...PROVIDERS.http }),
    v.strictObject({ provider: v.literal('file'), ...common, ...PROVIDERS.file }),
    v.strictObject({ provider: v.literal('vault'), ...common, ...PROVIDERS.vault }),
  ],
  `must be one of ${Object.keys(PROVIDERS).join(', ')}`,
);
export type CredentialEntry = v.InferOutput<typeof credentialEntry>;
export type EntryOf<P extends ProviderName> = Extract<CredentialEntry, { readonly provider: P }>;

/** Keys that an entry of this provider may have. */
export function knownKeys(provider: unknown): string[] {
  const own = Object.entries(PROVIDERS).find(([name]) => name === provider)?.[1] ?? {};
  return ['provider', ...Object.keys(common), ...Object.keys(own)];
}

/** Keys of the maps below an entry: `outputs`, `reload`, `test-login`. */
export function knownInnerKeys(key: string): string[] {
  switch (key) {
    case 'outputs':
      return Object.keys(outputObject.entries);
    case 'reload':
      return [...new Set(reloadObject.options.flatMap(({ entries }) => Object.keys(entries)))];
    case 'test-login':
      return Object.keys(testLogin.entries);
    default:
      return [];
  }
}
