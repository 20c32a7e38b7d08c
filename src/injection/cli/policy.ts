/** `pillion inject policy`: the policies with which the API server injects by itself. */
import { stringify } from 'yaml';
import type { CommandContext, ExitStatus } from '../../core/command.ts';
import { usageError } from '../../core/errors.ts';
import { nearest } from '../../core/options/lookup.ts';
import type { Values } from '../../core/options/option.ts';
import { version } from '../../core/version.ts';
import { allowedNamespaces } from '../allow.ts';
import { imagesNotAllowed, imagesOfProfile } from '../images/of-profile.ts';
import type { POLICY_OPTIONS } from '../options.ts';
import { POLICY_ERRORS } from '../policy/errors.ts';
import { policyObjects } from '../policy/objects.ts';
import { settingsOf } from './input.ts';

/** What `kubectl apply` notes of an object as an annotation of it, at most. */
const LARGEST_APPLIED = 250_000;

/** Prints everything, or the objects of one of the API server's two plugins. */
export async function printPolicies(
  context: CommandContext,
  values: Values<typeof POLICY_OPTIONS>,
): Promise<ExitStatus> {
  const settings = await settingsOf(context.cwd, values);
  const allowed = allowedNamespaces(values.allow);
  requireProfiles([...allowed.keys()], [...settings.profiles.keys()]);
  const refused = imagesNotAllowed(settings.profiles, settings.image, settings.images);
  const withImages = [...settings.profiles.values()].filter(
    (profile) => imagesOfProfile(profile, settings.image).length > 0,
  );
  if (refused[0] !== undefined && refused.length === withImages.length) {
    const list = settings.images.entries.join(',');
    throw POLICY_ERRORS.no_image_allowed({ allowed: list, image: refused[0].image });
  }
  const { mutating, validating } = policyObjects({ ...settings, version, allowed }, values.static);
  const parts = [
    { name: 'mutating', plugin: 'MutatingAdmissionPolicy', objects: mutating },
    { name: 'validating', plugin: 'ValidatingAdmissionPolicy', objects: validating },
  ].filter(({ name }) => values.only === 'all' || values.only === name);
  const texts = parts.flatMap(({ plugin, objects }) =>
    objects.map((object) => (values.static ? `# For the folder of ${plugin}.\n` : '') + policyText(object)),
  );
  context.stdout(texts.join('---\n'));
  for (const { profile, image } of refused) {
    context.stderr(`pillion: ${profile} is refused to whoever asks for it: --allow-image has not ${image}\n`);
  }
  if (!values.static && texts.some((text) => text.length > LARGEST_APPLIED)) {
    context.stderr(
      'pillion: a policy is too large for kubectl apply by itself: use kubectl apply --server-side\n',
    );
  }
  return 0;
}

/** The policies know all profiles that there are: a slip in a name would leave the one that is meant open to everybody. */
function requireProfiles(named: readonly string[], known: readonly string[]): void {
  const unknown = named.find((name) => !known.includes(name));
  if (unknown !== undefined) {
    const near = nearest(unknown, known);
    throw usageError(
      `invalid --allow: no profile ${JSON.stringify(unknown)}`,
      near === undefined ? `there are ${known.join(', ')}` : `did you mean ${near}?`,
    );
  }
}

/** An object as YAML, its expressions as they are. */
export function policyText(object: object): string {
  return stringify(object, { aliasDuplicateObjects: false, lineWidth: 0 });
}
