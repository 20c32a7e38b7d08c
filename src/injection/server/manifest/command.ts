/** `pillion injector manifest`: the YAML that installs the injector. */
import { stringify } from 'yaml';
import type { CommandContext, ExitStatus } from '../../../core/command.ts';
import { CORE_ERRORS, usageError } from '../../../core/errors.ts';
import { resolveOptions } from '../../../core/options/resolve.ts';
import { atLeast, formatVersion, NEWEST_KNOWN, parseVersion } from '../../../kubernetes/version.ts';
import { builtInProfiles } from '../../built-in/profiles.ts';
import { INJECTOR_OPTIONS, MANIFEST_OPTIONS } from '../options.ts';
import { accessObjects } from './access.ts';
import { serverObjects } from './server.ts';
import { LABELS, type ManifestSettings } from './settings.ts';
import { webhookObjects } from './webhooks.ts';

/** Everything, in the order in which it is to be made: the webhooks last, when somebody can answer them. */
export function manifestObjects(settings: ManifestSettings): object[] {
  const restricted = {
    'pod-security.kubernetes.io/enforce': 'restricted',
  };
  return [
    {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name: settings.namespace, labels: { ...LABELS, ...restricted } },
    },
    ...accessObjects(settings),
    ...serverObjects(settings),
    ...webhookObjects(settings),
  ];
}

/** What is about replicas that policies do not need; and where profiles are when there are replicas. */
const WITHOUT_MEANING: Readonly<Record<'policy' | 'webhook', readonly (keyof typeof MANIFEST_OPTIONS)[]>> = {
  policy: [
    'namespace',
    'imagePullPolicy',
    'replicas',
    'failurePolicy',
    'namespaceProfile',
    'profilesConfigmap',
    'scan',
    'arg',
  ],
  webhook: ['profiles'],
};

export async function manifestCommand(context: CommandContext): Promise<ExitStatus> {
  const { values, sources, positionals } = resolveOptions(MANIFEST_OPTIONS, context);
  if (values.help) {
    const { manifestHelp } = await import('../help.ts');
    context.stdout(manifestHelp());
    return 0;
  }
  if (positionals[0] !== undefined) {
    throw usageError(
      `unexpected argument ${JSON.stringify(positionals[0])}`,
      'see pillion injector manifest --help',
    );
  }
  const without = WITHOUT_MEANING[values.mode].find((key) => sources[key] !== 'default');
  if (without !== undefined) {
    throw usageError(
      `--${MANIFEST_OPTIONS[without].flag} has no meaning with --mode=${values.mode}`,
      'see pillion injector manifest --help',
    );
  }
  if (values.mode === 'policy') {
    const { printPolicies } = await import('../../cli/policy.ts');
    return printPolicies(context, { ...values, static: false, only: 'all' });
  }
  const target = parseVersion(values.kubernetes) ?? NEWEST_KNOWN;
  if (!atLeast(target, 30) && values.failurePolicy === 'Fail') {
    throw usageError(
      `on Kubernetes ${formatVersion(target)} every pod is sent to the injector, and --failure-policy=Fail would keep all of them from starting without it`,
      'use --failure-policy=Ignore below Kubernetes 1.30',
    );
  }
  requireArguments(values.arg, context);
  const objects = manifestObjects({
    namespace: values.namespace,
    image: values.image,
    imagePullPolicy: values.imagePullPolicy,
    replicas: values.replicas,
    failurePolicy: values.failurePolicy,
    target,
    namespaceProfiles: [...new Set([...builtInProfiles().keys(), ...values.namespaceProfile])],
    scan: values.scan,
    args: [
      ...values.allow.map((value) => `--allow=${value}`),
      ...values.allowImage.map((value) => `--allow-image=${value}`),
      ...values.arg,
    ],
    profilesConfigMap: values.profilesConfigmap,
  });
  context.stdout(objects.map((object) => stringify(object, { aliasDuplicateObjects: false })).join('---\n'));
  return 0;
}

/** Flags that the injector does not take would end every replica as soon as it starts. */
function requireArguments(argv: readonly string[], { secrets }: CommandContext): void {
  try {
    const { positionals } = resolveOptions(INJECTOR_OPTIONS, { argv, env: {}, secrets });
    if (positionals[0] !== undefined) {
      throw usageError(`unexpected argument ${JSON.stringify(positionals[0])}`);
    }
  } catch (error) {
    if (!CORE_ERRORS.usage.matches(error)) {
      throw error;
    }
    throw usageError(
      `invalid --arg: ${error.message}`,
      'pillion injector --help has the flags of the injector',
    );
  }
}
