/** `pillion inject profiles`: what there is, with parameters, types and defaults. */
import { stringify } from 'yaml';
import type { CommandContext, ExitStatus } from '../../core/command.ts';
import { usageError } from '../../core/errors.ts';
import { nearest } from '../../core/options/lookup.ts';
import type { Values } from '../../core/options/option.ts';
import { printable, printableLines } from '../../core/printable.ts';
import type { PROFILES_OPTIONS } from '../options.ts';
import type { Parameter } from '../parameters/parameter.ts';
import { rulesOf } from '../parameters/rules.ts';
import type { Profile } from '../profiles/profile.ts';
import { readNamedProfiles } from './input.ts';

/** All profiles, or those that are named. */
export async function listProfiles(
  context: CommandContext,
  values: Values<typeof PROFILES_OPTIONS>,
  names: readonly string[],
): Promise<ExitStatus> {
  if (values.output === 'schema') {
    const { profileSchema } = await import('../profiles/json-schema.ts');
    context.stdout(`${JSON.stringify(profileSchema(), null, 2)}\n`);
    return 0;
  }
  const all = await readNamedProfiles(context.cwd, values.profiles);
  const unknown = names.find((name) => !all.has(name));
  if (unknown !== undefined) {
    const near = nearest(unknown, [...all.keys()]);
    throw usageError(
      `no profile ${JSON.stringify(unknown)}`,
      near === undefined ? `there are ${[...all.keys()].join(', ')}` : `did you mean ${near}?`,
    );
  }
  const chosen = [...all.values()].filter(({ name }) => names.length === 0 || names.includes(name));
  const documents = chosen.map(({ source }) => JSON.parse(source) as unknown);
  if (values.output === 'yaml') {
    context.stdout(documents.map((document) => stringify(document, { lineWidth: 0 })).join('---\n'));
  } else if (values.output === 'json') {
    context.stdout(`${JSON.stringify(documents, null, 2)}\n`);
  } else {
    context.stdout(chosen.map(page).join('\n'));
  }
  return 0;
}

function page(profile: Profile): string {
  const { name, description, origin, role, phase, container } = profile;
  const how = container === undefined ? 'no container' : `${role}, ${phase}`;
  const parameters = [...profile.parameters.values()].map((parameter) => row(name, parameter));
  const told = description === '' ? [] : [`  ${description}`];
  return [`${name} (${how}; ${printable(origin)})`, ...told, ...parameters, '']
    .map(printableLines)
    .join('\n');
}

function row(profile: string, parameter: Parameter): string {
  const { name, declaration } = parameter;
  const { type, required, default: fallback, description } = declaration;
  const facts = [type, required ? 'required' : '', fallback === undefined ? '' : `default ${fallback}`];
  const words =
    rulesOf(parameter)
      .at(-1)
      ?.words.replace(/^must be /, '') ?? '';
  const allowed = TOLD.has(type) ? `(${words})` : '';
  const below = [description, allowed].filter((text) => text !== '').join(' ');
  const head = `  pillion.dev/${profile}.${name}: ${facts.filter((fact) => fact !== '').join(', ')}`;
  return below === '' ? head : `${head}\n      ${below}`;
}

/** Whose bounds are of interest. */
const TOLD: ReadonlySet<string> = new Set(['choice', 'duration', 'quantity', 'integer']);
