/** The images of a profile: what its container runs, and what its volumes are filled with. */
import type { Condition } from '../profiles/condition.ts';
import { leafParameters } from '../profiles/leaf.ts';
import type { Profile, Profiles } from '../profiles/profile.ts';
import { type Conditional, fillText, type Template } from '../profiles/template.ts';
import type { AllowedImages } from './allowed.ts';

export interface ProfileImage {
  readonly template: Template;
  readonly when: readonly Condition[];
  /** Undefined where a parameter decides. */
  readonly fixed: string | undefined;
}

/** @param image what `${image}` stands for */
export function imagesOfProfile({ container, volumes }: Profile, image: string): ProfileImage[] {
  const parts = [
    ...(container === undefined ? [] : at({ when: [], value: container }, 'image')),
    ...volumes.flatMap((volume) => at(volume, 'image').flatMap((inner) => at(inner, 'reference'))),
  ];
  return parts.map(({ when, value }) => ({ template: value, when, fixed: fixedText(value, image) }));
}

function at({ when, value }: Conditional<Template>, key: string): Conditional<Template>[] {
  const fields = value.kind === 'object' ? value.fields : [];
  return fields
    .filter((each) => each.key === key)
    .map((each) => ({ when: [...when, ...each.when], value: each.value }));
}

function fixedText(template: Template, image: string): string | undefined {
  const parameters = template.kind === 'leaf' ? leafParameters(template.parts) : [];
  return parameters.every((name) => name === 'image')
    ? fillText(template, new Map([['image', image]]))
    : undefined;
}

/** Profiles that are there and that nobody can have. */
export interface ImageNotAllowed {
  readonly profile: string;
  readonly image: string;
}

/** The first image of each profile that is not allowed whatever its parameters are. */
export function imagesNotAllowed(
  profiles: Profiles,
  image: string,
  allowed: AllowedImages,
): ImageNotAllowed[] {
  return [...profiles.values()].flatMap((profile) => {
    const all = imagesOfProfile(profile, image);
    const wrong = all.find(({ fixed }) => fixed !== undefined && !allowed.allows(fixed))?.fixed;
    return wrong === undefined ? [] : [{ profile: profile.name, image: wrong }];
  });
}
