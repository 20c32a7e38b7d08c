/** Which images may be put in, as CEL: the engine's `imageNotAllowed`. What no parameter decides is judged when this is made. */
import { type Cel, cel, celMap, celVariable } from '../cel.ts';
import { IMAGE_WORDS } from '../images/allowed.ts';
import { imagesOfProfile, type ProfileImage } from '../images/of-profile.ts';
import { unmetNeed } from '../profiles/needs.ts';
import type { Profile } from '../profiles/profile.ts';
import { valuesOf } from './made.ts';
import { firstOf, quotedCel, refusal } from './refusal.ts';
import { type PolicySettings, profileVariable, type Variable } from './settings.ts';
import { templateCel, whenCel } from './template.ts';

/**
 * For each profile with an image that may be refused its check; and `image_problem`, the first that is, to be asked of values
 * that hold. Nothing where no image can be refused: of an empty list CEL does not know what is in it.
 */
export function imageVariables(settings: PolicySettings): Variable[] {
  const checked = [...settings.profiles.values()].flatMap((profile) => {
    const checks = checksOf(profile, settings);
    return checks.length === 0 ? [] : [{ profile, checks }];
  });
  if (checked.length === 0) {
    return [];
  }
  const ofProfile = checked.map(({ profile: { name } }) => ({
    key: name,
    value: celVariable(profileVariable('images', name)),
  }));
  const first = cel`variables.asked.map(a, ${celMap(ofProfile)}[?a.profile].optMap(p, p[a.instance]).orValue([]))`;
  return [
    ...checked.map(({ profile, checks }) => ({
      name: profileVariable('images', profile.name),
      expression: cel`variables.asked.filter(a, a.profile == ${profile.name}).map(a, ${valuesOf(profile, settings.image)}).transformMapEntry(i, v, {v["instance"]: ${firstOf(cel`${checks}`)}})`,
    })),
    { name: 'image_problem', expression: firstOf(first) },
  ];
}

function checksOf(profile: Profile, { image, images, target }: PolicySettings): Cel[] {
  // Nothing of a profile that the cluster has no fields for is in the policy.
  const all = unmetNeed(profile, target) === undefined ? imagesOfProfile(profile, image) : [];
  return all
    .filter(({ fixed }) => fixed === undefined || !images.allows(fixed))
    .filter(() => images.entries.length > 0)
    .map((each) => checkOf(each, images));
}

function checkOf({ template, when, fixed }: ProfileImage, images: PolicySettings['images']): Cel {
  const { before, after } = IMAGE_WORDS;
  const message = cel`v["instance"] + ${before} + ${quotedCel(cel`t`)} + ${after(images)}`;
  const refused = refusal('image-not-allowed', message);
  const judged = fixed === undefined ? cel`${images.allowsCel(cel`t`)} ? [] : ${refused}` : refused;
  const check = cel`[${templateCel(template)}].map(t, ${judged})[0]`;
  const isThere = whenCel(when);
  return isThere === undefined ? check : cel`${isThere} ? ${check} : []`;
}
