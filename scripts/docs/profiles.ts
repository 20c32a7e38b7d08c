/** The built-in profiles of `pillion inject`, each with what its annotations may say. */
import { BUILT_IN_SOURCES } from '../../src/injection/built-in/profiles.ts';
import type { ProfileSource } from '../../src/injection/profiles/source.ts';
import type { DocumentedSection } from './render.ts';

type Parameters = NonNullable<ProfileSource['spec']['parameters']>;
type Declaration = Parameters[string];

const cell = (text: string) => text.replaceAll('|', '\\|');

function typeOf(declaration: Declaration): string {
  return declaration.type === 'choice' ? declaration.choices.join(', ') : declaration.type;
}

function defaultOf({ required, default: fallback }: Declaration): string {
  if (fallback !== undefined) {
    return `\`${fallback}\``;
  }
  return required === true ? 'required' : '';
}

function table(name: string, parameters: Parameters): string[] {
  const rows = Object.entries(parameters).map(
    ([key, declaration]) =>
      `| \`pillion.dev/${name}.${key}\` | ${typeOf(declaration)} | ${defaultOf(declaration)} | ${cell(declaration.description ?? '')} |`,
  );
  return ['| annotation | type | default | meaning |', '|---|---|---|---|', ...rows];
}

/** One section per profile, in the order of the table. */
export function profileSections(): DocumentedSection[] {
  return BUILT_IN_SOURCES.map(({ metadata: { name }, spec }) => ({
    heading: `Profile: \`pillion.dev/inject: ${name}\``,
    text: [spec.description ?? '', '', ...table(name, spec.parameters ?? {})].join('\n'),
  }));
}
