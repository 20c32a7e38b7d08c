import { defineOptions, option } from '../core/options/option.ts';
import { bool, choice, string, strings } from '../core/options/value-types.ts';
import { variableName } from '../core/options/variable-name.ts';
import { version } from '../core/version.ts';
import { formatVersion, NEWEST_KNOWN, parseVersion } from '../kubernetes/version.ts';
import { ALLOW_OPTION } from './allow.ts';
import { ALLOW_IMAGE_OPTION } from './images/allowed.ts';

const env = (flag: string): string[] => [variableName('INJECT', flag)];

const checkVersion = (text: string): string | undefined =>
  parseVersion(text) === undefined ? 'must be a version of Kubernetes such as 1.34' : undefined;

/** What is put in, for all sub-commands. */
export const PROFILE_OPTIONS = defineOptions({
  profiles: option<readonly string[]>({
    flag: 'profiles',
    type: strings,
    default: [],
    env: env('profiles'),
    help: 'A folder (or file) with profiles of your own; may be given again. One with the name of a built-in takes its place.',
  }),
  image: option({
    flag: 'image',
    type: string,
    default: `registry.example/pillion:${version}`,
    env: [...env('image'), 'PILLION_IMAGE'],
    help: "The image of Pillion's own profiles.",
    check: (value) =>
      /^[A-Za-z0-9][A-Za-z0-9._:/@-]{0,511}$/.test(value) ? undefined : 'must be the reference of an image',
  }),
  kubernetes: option({
    flag: 'kubernetes',
    type: string,
    default: formatVersion(NEWEST_KNOWN),
    env: env('kubernetes'),
    help: 'Version of the cluster: nothing newer is written, and below 1.29 an init container and a sidecar stand for a native sidecar.',
    check: checkVersion,
  }),
  help: option({ flag: 'help', short: 'h', type: bool, default: false, help: 'Print this page.' }),
});

const IMAGES = {
  allowImage: option<readonly string[]>({ ...ALLOW_IMAGE_OPTION, env: env('allow-image') }),
};

const FILES = {
  filename: option<readonly string[]>({
    flag: 'filename',
    short: 'f',
    type: strings,
    default: [],
    defaultText: '- (standard input)',
    help: 'Manifests: a file, a folder with .yaml, .yml and .json files, or -. May be given again.',
  }),
};

/** `pillion inject` itself. */
export const INJECT_OPTIONS = defineOptions({
  ...FILES,
  ...PROFILE_OPTIONS,
  ...IMAGES,
  version: option({ flag: 'version', type: bool, default: false, help: 'Print the version.' }),
  uninject: option({
    flag: 'uninject',
    type: bool,
    default: false,
    help: 'Take out again what was put in.',
  }),
  diff: option({
    flag: 'diff',
    type: bool,
    default: false,
    help: 'Print what changes instead of the manifests: a unified diff, or with -o json the JSON patch of each workload.',
  }),
  output: option<'yaml' | 'json'>({
    flag: 'output',
    short: 'o',
    type: choice('yaml', 'json'),
    default: 'yaml',
    help: 'yaml keeps the text of the manifests as it is; json prints one object, or a List.',
  }),
});

export const EXPLAIN_OPTIONS = defineOptions({ ...FILES, ...PROFILE_OPTIONS, ...IMAGES });

export const PROFILES_OPTIONS = defineOptions({
  ...PROFILE_OPTIONS,
  output: option<'text' | 'yaml' | 'json' | 'schema'>({
    flag: 'output',
    short: 'o',
    type: choice('text', 'yaml', 'json', 'schema'),
    default: 'text',
    help: 'yaml or json: the profiles themselves, to start one of your own from; schema: a JSON Schema for editors.',
  }),
});

export const POLICY_OPTIONS = defineOptions({
  ...PROFILE_OPTIONS,
  allow: option<readonly string[]>({ ...ALLOW_OPTION, env: env('allow') }),
  ...IMAGES,
  static: option({
    flag: 'static',
    type: bool,
    default: false,
    help: "For the API server's own folders of policies (staticManifestsDir, on by default from Kubernetes 1.37): names end in .static.k8s.io. Each of its two plugins has a folder: see --only.",
  }),
  only: option<'all' | 'mutating' | 'validating'>({
    flag: 'only',
    type: choice('all', 'mutating', 'validating'),
    default: 'all',
    help: 'Only the MutatingAdmissionPolicy, which puts things in, or only the ValidatingAdmissionPolicy, which says what is wrong.',
  }),
});
