/** Whether every image that would be put in may be: those of containers, and those that volumes are filled with. */
import { textAt } from '../../kubernetes/json.ts';
import { IMAGE_WORDS } from '../images/allowed.ts';
import { quoted } from '../text.ts';
import type { InjectionSettings, Refusal } from './decision.ts';
import type { Wanted } from './wanted.ts';

/** The first that may not; looked for in what goes into the pod, wherever it comes from. */
export function imageNotAllowed(
  wanted: readonly Wanted[],
  { images }: InjectionSettings,
): Refusal | undefined {
  for (const { instance, containers, volumes } of wanted) {
    const references = [
      ...containers.map(({ json }) => textAt(json, 'image')),
      ...volumes.map(({ json }) => textAt(json, 'image', 'reference')),
    ];
    const wrong = references.find((reference) => reference !== undefined && !images.allows(reference));
    if (wrong !== undefined) {
      const message = `${instance.name}${IMAGE_WORDS.before}${quoted(wrong)}${IMAGE_WORDS.after(images)}`;
      return { reason: 'image-not-allowed', message };
    }
  }
  return undefined;
}
