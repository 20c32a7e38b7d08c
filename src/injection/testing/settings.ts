import { builtInProfiles } from '../built-in/profiles.ts';
import type { InjectionSettings } from '../engine/decision.ts';
import { allowedImages } from '../images/allowed.ts';
import type { Profile } from '../profiles/profile.ts';
import { readProfile } from '../profiles/read-profile.ts';

const BUILT_IN = builtInProfiles();

/** The built-in profiles on a cluster of today. */
export function testSettings(changes: Partial<InjectionSettings> = {}): InjectionSettings {
  return {
    profiles: new Map(BUILT_IN),
    image: 'registry.example/pillion:test',
    target: { major: 1, minor: 37 },
    nativeSidecars: true,
    systemNamespaces: new Set(['kube-system']),
    isAllowed: () => true,
    images: allowedImages([]),
    ...changes,
  };
}

/** A profile whose container runs its own image, with a volume of an image that a parameter names. */
export const IMAGE_BY_PARAMETER = {
  parameters: {
    model: { type: 'string', maxLength: 2_000 },
    extra: { type: 'boolean' },
    base: { type: 'string', default: 'models' },
  },
  container: { name: 'own-${instance}', image: 'registry.example/own:1' },
  volumes: [
    { $when: 'model', name: 'model-${instance}', image: { reference: '${model}' } },
    { $when: 'extra', name: 'extra-${instance}', image: { reference: 'other.example/extra:1' } },
    { name: 'base-${instance}', image: { reference: 'registry.example/${base}:1' } },
  ],
};

/** A profile of one's own, given as its spec. */
export function profileOf(spec: object, name = 'own'): Profile {
  const document = { apiVersion: 'pillion.dev/v1', kind: 'InjectionProfile', metadata: { name }, spec };
  const result = readProfile(document, 'test');
  if ('profile' in result) {
    return result.profile;
  }
  throw new Error(JSON.stringify(result.problems));
}
