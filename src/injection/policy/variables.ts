/** All variables of the policies, each behind those that it refers to. */
import { type Cel, cel } from '../cel.ts';
import { changeVariables } from './changes.ts';
import { imageVariables } from './images.ts';
import { madeVariables } from './made.ts';
import { parameterVariables } from './parameters.ts';
import { placeVariables } from './places.ts';
import { podResourcesVariables } from './pod-resources.ts';
import { readingVariables } from './reading.ts';
import { recordVariables } from './record.ts';
import type { PolicySettings, Variable } from './settings.ts';
import { podVariables, stepVariables } from './steps.ts';

/** What is wrong with what a pod asks for; the later of them may only be asked when the earlier hold. */
const refusalCel = (later: Cel) => cel`variables.ask == "" ? []
  : size(variables.shape_problem) > 0 ? variables.shape_problem
  : size(variables.ask_problem) > 0 ? variables.ask_problem
  : size(variables.parameter_problem) > 0 ? variables.parameter_problem
  : ${later}`;
const PLACES = cel`size(variables.place_problem) > 0 ? variables.place_problem
  : variables.is_stale ? [] : variables.resources_problem`;

/** What both policies decide with. */
export function decisionVariables(settings: PolicySettings): Variable[] {
  const images = imageVariables(settings);
  const later =
    images.length === 0
      ? PLACES
      : cel`size(variables.image_problem) > 0 ? variables.image_problem : ${PLACES}`;
  return [
    ...readingVariables(settings),
    ...parameterVariables(settings),
    ...podVariables(),
    ...images,
    ...madeVariables(settings),
    ...stepVariables(settings),
    ...placeVariables(),
    ...podResourcesVariables(),
    { name: 'refusal', expression: refusalCel(later) },
  ];
}

/** What only the policy that changes pods needs. */
export function mutationVariables(settings: PolicySettings): Variable[] {
  return [...changeVariables(), ...recordVariables(settings.version)];
}
