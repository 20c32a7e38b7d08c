import { defineOptions, option } from '../../core/options/option.ts';
import { bool, choice, duration, int, string, strings } from '../../core/options/value-types.ts';
import { variableName } from '../../core/options/variable-name.ts';
import { ALLOW_OPTION } from '../allow.ts';
import { ALLOW_IMAGE_OPTION } from '../images/allowed.ts';
import { PROFILE_OPTIONS } from '../options.ts';
import { CA_SECRET, NAME } from './manifest/settings.ts';
import { PROFILES_LABEL } from './profiles/config-maps.ts';

const env = (flag: string): string[] => [variableName('INJECTOR', flag)];
const { profiles, image, help } = PROFILE_OPTIONS;

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

export const checkName = (value: string): string | undefined =>
  /^[a-z0-9](?:[a-z0-9.-]{0,61}[a-z0-9])?$/.test(value) ? undefined : 'must be a name of Kubernetes';

const atLeast =
  (least: number) =>
  (value: number): string | undefined =>
    value >= least ? undefined : `must be at least ${least / 1000}s`;

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
    help: 'The certificate with its chain, as PEM; read again when it changes. The key may stand in the same file. Without it the injector makes certificates of its own.',
  }),
  tlsKeyFile: option({
    flag: 'tls-key-file',
    type: string,
    default: '',
    env: env('tls-key-file'),
    help: 'The key of the certificate, as PEM.',
  }),
  service: option({
    flag: 'service',
    type: string,
    default: NAME,
    env: env('service'),
    help: 'Name of the Service in front of the webhooks: certificates of our own are for it.',
    check: checkName,
  }),
  namespace: option({
    flag: 'namespace',
    type: string,
    default: '',
    defaultText: 'the namespace of the pod',
    env: env('namespace'),
    help: 'Where the Service and the Secret are.',
    check: (value) => (value === '' ? undefined : checkName(value)),
  }),
  secret: option({
    flag: 'secret',
    type: string,
    default: CA_SECRET,
    env: env('secret'),
    help: 'Name of the Secret with the certificate authority that all replicas share; the first replica makes it.',
    check: checkName,
  }),
  webhooks: option({
    flag: 'webhooks',
    type: string,
    default: NAME,
    env: env('webhooks'),
    help: 'Name of the webhook configurations whose caBundle is kept.',
    check: checkName,
  }),
  caLife: option({
    flag: 'ca-life',
    type: duration,
    default: 8760 * HOUR_MS,
    env: env('ca-life'),
    help: 'How long an authority signs; replaced after two thirds of it.',
    check: atLeast(MINUTE_MS / 10),
  }),
  certificateLife: option({
    flag: 'certificate-life',
    type: duration,
    default: 24 * HOUR_MS,
    env: env('certificate-life'),
    help: 'How long a certificate is good; replaced after two thirds of it.',
    check: atLeast(MINUTE_MS / 20),
  }),
  apiServer: option({
    flag: 'api-server',
    type: string,
    default: '',
    defaultText: 'the one of the cluster the pod runs in',
    env: env('api-server'),
    help: 'Address of the API server, e.g. of kubectl proxy.',
    check: (value) =>
      value === '' || URL.canParse(value) ? undefined : 'must be an address such as http://127.0.0.1:8001',
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
  allow: option<readonly string[]>({ ...ALLOW_OPTION, env: env('allow') }),
  allowImage: option<readonly string[]>({ ...ALLOW_IMAGE_OPTION, env: env('allow-image') }),
  profileLabel: option({
    flag: 'profile-label',
    type: string,
    default: `${PROFILES_LABEL}=true`,
    env: env('profile-label'),
    help: 'ConfigMaps of the namespace with this label hold profiles, read every ten seconds; empty for none.',
    check: checkSelector,
  }),
  scanPeriod: option({
    flag: 'scan-period',
    type: duration,
    default: 5 * MINUTE_MS,
    env: env('scan-period'),
    help: 'How often the pods of the cluster are looked through for those that asked and are bare or hold something old; 0 for never.',
    check: (value) => (value === 0 || value >= 1_000 ? undefined : 'must be 0 or at least 1s'),
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

const SELECTOR = /^[A-Za-z0-9][A-Za-z0-9._/-]{0,300}(?:=[A-Za-z0-9._-]{0,63})?$/;

function checkSelector(value: string): string | undefined {
  return value === '' || SELECTOR.test(value)
    ? undefined
    : 'must be a label such as example.org/profiles=true';
}

/** `pillion injector manifest`. */
export const MANIFEST_OPTIONS = defineOptions({
  mode: option<'webhook' | 'policy'>({
    flag: 'mode',
    type: choice('webhook', 'policy'),
    default: 'webhook',
    help: 'webhook: replicas of the injector; policy: nothing but policies of the API server, from Kubernetes 1.36 on.',
  }),
  namespace: option({
    flag: 'namespace',
    short: 'n',
    type: string,
    default: 'pillion',
    help: 'Where the injector is installed.',
    check: checkName,
  }),
  image,
  imagePullPolicy: option<'IfNotPresent' | 'Never' | 'Always'>({
    flag: 'image-pull-policy',
    type: choice('IfNotPresent', 'Never', 'Always'),
    default: 'IfNotPresent',
    help: "Of the injector's own pods.",
  }),
  replicas: option({
    flag: 'replicas',
    type: int,
    default: 3,
    help: 'How many replicas; none of them is a leader.',
    check: (value) => (value >= 1 && value <= 100 ? undefined : 'must be from 1 to 100'),
  }),
  failurePolicy: option<'Fail' | 'Ignore'>({
    flag: 'failure-policy',
    type: choice('Fail', 'Ignore'),
    default: 'Fail',
    help: 'What becomes of pods that ask while no replica answers: refused (and tried again by their controller), or started bare.',
  }),
  kubernetes: PROFILE_OPTIONS.kubernetes,
  allow: option<readonly string[]>({ ...ALLOW_OPTION }),
  allowImage: option<readonly string[]>({ ...ALLOW_IMAGE_OPTION }),
  profiles: option({
    ...PROFILE_OPTIONS.profiles,
    env: [],
    help: 'With --mode=policy: a folder (or file) with profiles of your own, which are written into the policies.',
  }),
  namespaceProfile: option<readonly string[]>({
    flag: 'namespace-profile',
    type: strings,
    default: [],
    help: 'A profile of your own that the label pillion.dev/inject of a namespace may name; may be given again. The built-in ones may be anyway.',
    check: (values) => values.map(checkName).find((problem) => problem !== undefined),
  }),
  profilesConfigmap: option({
    flag: 'profiles-configmap',
    type: string,
    default: 'pillion-profiles',
    help: 'ConfigMap in the namespace with profiles of your own; it need not be there.',
    check: (value) => (value === '' ? undefined : checkName(value)),
  }),
  scan: option({
    flag: 'scan',
    type: bool,
    default: true,
    help: 'Let the injector list the pods of the cluster, to count those that asked and are bare or hold something old.',
  }),
  arg: option<readonly string[]>({
    flag: 'arg',
    type: strings,
    default: [],
    help: 'A further flag for the injector, e.g. --arg=--allow=debug=dev; may be given again.',
  }),
  help,
});
