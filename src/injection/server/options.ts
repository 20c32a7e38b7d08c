import { defineOptions, option } from '../../core/options/option.ts';
import { bool, choice, duration, string, strings } from '../../core/options/value-types.ts';
import { PROFILE_OPTIONS } from '../options.ts';

const env = (flag: string): string[] => [`PILLION_INJECTOR_${flag.toUpperCase().replaceAll('-', '_')}`];
const { profiles, image, help } = PROFILE_OPTIONS;

/** `pillion injector`: the server. */
export const INJECTOR_OPTIONS = defineOptions({
  bind: option({
    flag: 'bind',
    type: string,
    default: ':8443',
    env: env('bind'),
    help: 'host:port of the webhooks, with TLS.',
  }),
  tlsCertFile: option({
    flag: 'tls-cert-file',
    type: string,
    default: '',
    env: env('tls-cert-file'),
    help: 'The certificate with its chain, as PEM; read again when it changes. The key may stand in the same file.',
  }),
  tlsKeyFile: option({
    flag: 'tls-key-file',
    type: string,
    default: '',
    env: env('tls-key-file'),
    help: 'The key of the certificate, as PEM.',
  }),
  httpBind: option({
    flag: 'http-bind',
    type: string,
    default: '',
    env: env('http-bind'),
    help: 'host:port for /livez, /readyz, /status and /metrics, without TLS; without it nothing of it is served.',
  }),
  profiles,
  image,
  kubernetes: option({
    ...PROFILE_OPTIONS.kubernetes,
    env: env('kubernetes'),
  }),
  allow: option<readonly string[]>({
    flag: 'allow',
    type: strings,
    default: [],
    env: env('allow'),
    help: 'PROFILE=NAMESPACE[,NAMESPACE...]: only pods of these namespaces may ask for the profile. May be given again; a profile that is not named is for all.',
    check: checkAllow,
  }),
  logLevel: option<'info' | 'warn' | 'debug'>({
    flag: 'log-level',
    type: choice('info', 'warn', 'debug'),
    default: 'info',
    env: env('log-level'),
    help: 'The least important lines that are printed.',
  }),
  drain: option({
    flag: 'drain',
    type: duration,
    default: 15_000,
    env: env('drain'),
    help: 'How long a stopping server still answers, so that clients learn that it goes. Below the terminationGracePeriodSeconds of the pod.',
  }),
  version: option({ flag: 'version', type: bool, default: false, help: 'Print the version.' }),
  help,
});

const ALLOW = /^[a-z0-9-]{1,63}=[a-z0-9-]{1,63}(?:,[a-z0-9-]{1,63})*$/;

function checkAllow(values: readonly string[]): string | undefined {
  const bad = values.find((value) => !ALLOW.test(value));
  return bad === undefined ? undefined : 'must be PROFILE=NAMESPACE[,NAMESPACE...]';
}

/** `['debug=dev,test']` -> the namespaces of each profile that is not for all. */
export function allowedNamespaces(values: readonly string[]): ReadonlyMap<string, ReadonlySet<string>> {
  const allowed = new Map<string, Set<string>>();
  for (const value of values) {
    const [profile = '', namespaces = ''] = value.split('=');
    const known = allowed.get(profile) ?? new Set<string>();
    namespaces.split(',').forEach((namespace) => known.add(namespace));
    allowed.set(profile, known);
  }
  return allowed;
}
