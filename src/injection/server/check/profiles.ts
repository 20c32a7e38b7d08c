/** The profiles that the injector has, as far as they can be seen from here. */

import { textAt } from '../../../kubernetes/json.ts';
import { listAll } from '../../../kubernetes/list.ts';
import { builtInProfiles } from '../../built-in/profiles.ts';
import { readProfileFiles } from '../../cli/input.ts';
import { clusterSettings } from '../../cluster-settings.ts';
import type { InjectionSettings } from '../../engine/decision.ts';
import { imagesNotAllowed } from '../../images/of-profile.ts';
import { type Merged, mergeProfiles } from '../../profiles/merge.ts';
import { allowing } from '../allowing.ts';
import { profileTexts } from '../profiles/config-maps.ts';
import { type Finding, someOf } from './finding.ts';
import type { CheckInput } from './gather.ts';
import type { Installed } from './installed.ts';

/** Of labelled and mounted ConfigMaps, and of the folders that are named. */
export async function clusterProfiles(
  { client, namespace, cwd, profiles, signal }: CheckInput,
  { profileLabel, mounted }: Installed,
): Promise<Merged> {
  const path = `/api/v1/namespaces/${namespace}/configmaps`;
  const folders = await readProfileFiles(cwd, profiles);
  const all = await listAll(client, path, signal);
  const [key = '', value] = profileLabel.split('=');
  const used = all.filter((configMap) => {
    const label = textAt(configMap, 'metadata', 'labels', key);
    const isLabelled = label !== undefined && (value === undefined || label === value);
    return isLabelled || mounted.includes(textAt(configMap, 'metadata', 'name') ?? '');
  });
  return mergeProfiles([...folders, ...profileTexts(used)]);
}

export function profileFindings({ profiles, findings }: Merged, settings: InjectionSettings): Finding[] {
  const check = 'profiles';
  const wrong = findings.map(({ file, line, message }): Finding => {
    const hint =
      'the injector goes on with its last good version, if it has one: correct it before a restart';
    return { check, level: 'failed', message: `${file}:${line}: ${message}`, hint };
  });
  const message = `${profiles.size} of one's own, ${builtInProfiles().size} built in`;
  return [
    ...(wrong.length > 0 ? wrong : [{ check, level: 'ok', message } as const]),
    ...imageFindings(settings),
  ];
}

/** Pods that ask for such a profile are refused, which may be meant so. */
function imageFindings({ profiles, image, images }: InjectionSettings): Finding[] {
  const check = 'images';
  if (images.entries.length === 0) {
    return [];
  }
  const refused = imagesNotAllowed(profiles, image, images);
  if (refused.length === 0) {
    const message = `what profiles put in is allowed: ${images.entries.join(', ')}`;
    return [{ check, level: 'ok', message }];
  }
  const names = refused.map((each) => `${each.profile} (${each.image})`);
  const message = `--allow-image keeps profiles from being used: ${someOf(names)}`;
  const hint = 'add an --allow-image for what is to be used; it allows ';
  return [{ check, level: 'warning', message, hint: hint + images.entries.join(', ') }];
}

/** The settings that the injector has, for what it would do. */
export function settingsOfCluster({ profiles }: Merged, installed: Installed): InjectionSettings {
  const all = new Map([...builtInProfiles(), ...profiles]);
  return {
    ...clusterSettings(installed),
    profiles: all,
    isAllowed: allowing(installed.allow, () => all),
  };
}
