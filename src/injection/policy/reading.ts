/** What a pod asks for, as CEL: the same steps as the engine's `askOf`, `skipReason` and `parseAsk`. */
import {
  ASK,
  ASK_PATTERN,
  ASK_WORDS,
  EMPTY_PATTERN,
  INSTANCE_PATTERN,
  LONGEST_ASK,
  MOST_INSTANCES,
  NOTHING,
  NOTHING_PATTERN,
  PREFIX,
} from '../annotations.ts';
import { type Cel, cel } from '../cel.ts';
import { SKIP_WORDS } from '../engine/skip.ts';
import { firstOfAll, quotedCel, refusal, refuseWhen } from './refusal.ts';
import type { PolicySettings, Variable } from './settings.ts';

/** Whether the request is for a pod; otherwise it is for what makes pods. */
export const IS_POD = cel`request.kind.kind == "Pod"`;

/**
 * The pod, or the template of what makes pods. Of no type: the API server checks expressions with those of every resource
 * that is matched, and would warn of fields that only some of them have.
 */
const ANY = cel`dyn(object)`;
const POD = cel`${IS_POD} ? ${ANY} : request.kind.kind == "CronJob" ? ${ANY}.spec.jobTemplate.spec.template : ${ANY}.spec.template`;

const OS = cel`variables.spec.?os.?name.orValue("") == "windows" || variables.spec.?nodeSelector[?"kubernetes.io/os"].orValue("") == "windows"`;

const SKIP = cel`"kubernetes.io/config.mirror" in variables.annotations ? ${refusal('mirror-pod', SKIP_WORDS['mirror-pod'])}
  : ${OS} ? ${refusal('windows', SKIP_WORDS.windows)}
  : variables.spec.?hostNetwork.orValue(false) == true ? ${refusal('host-network', SKIP_WORDS['host-network'])} : []`;

/** The variables with which reading begins. */
export function readingVariables({ profiles }: PolicySettings): Variable[] {
  return [
    { name: 'pod', expression: POD },
    { name: 'spec', expression: cel`variables.pod.spec` },
    { name: 'annotations', expression: cel`variables.pod.?metadata.?annotations.orValue({})` },
    { name: 'labels', expression: cel`variables.pod.?metadata.?labels.orValue({})` },
    {
      name: 'given',
      expression: cel`variables.annotations.transformMap(k, v, k.startsWith(${PREFIX}), string(v))`,
    },
    { name: 'asking', expression: asking([...profiles.keys()]) },
    { name: 'skip', expression: SKIP },
    {
      name: 'ask',
      expression: cel`variables.asking == "" || size(variables.skip) > 0 ? "" : variables.asking`,
    },
    { name: 'asked', expression: ASKED },
    { name: 'ask_problem', expression: ASK_PROBLEM },
  ];
}

/** The pod's own annotation, or else the label of its namespace where that names a profile; empty for nothing. */
function asking(names: readonly string[]): Cel {
  const label = cel`namespaceObject.metadata.?labels[?${ASK}]`;
  const fallback = cel`${IS_POD} ? ${label}.optMap(p, p in ${names} ? p : "").orValue("") : ""`;
  return cel`[${cel`variables.given[?${ASK}].orValue(${fallback})`}].map(a, a.matches(${EMPTY_PATTERN}) || a.matches(${NOTHING_PATTERN}) ? "" : a)[0]`;
}

const IS_LIST = cel`size(variables.ask) <= ${LONGEST_ASK} && variables.ask.matches(${ASK_PATTERN})`;

const part = (at: Cel) => cel`s.split("=").map(t, t.trim())[${at}]`;
const ASKED = cel`${IS_LIST} ? variables.ask.split(",").transformList(i, s, {
  "instance": ${part(cel`0`)}, "profile": ${part(cel`size(s.split("=")) - 1`)}, "position": string(i)}) : []`;

const NAMES = cel`variables.asked.map(a, a.instance)`;
const problem = (words: Cel) =>
  refusal('bad-ask', cel`${`${ASK}: `} + ${quotedCel(cel`variables.ask`)} + " " + ${words}`);

const ASK_PROBLEM = firstOfAll(
  cel`[${refuseWhen(cel`!(${IS_LIST})`, 'bad-ask', cel`${`${ASK}: `} + ${quotedCel(cel`variables.ask`)} + ${` ${ASK_WORDS.grammar}`}`)}]`,
  cel`[${cel`size(variables.asked) > ${MOST_INSTANCES} ? ${problem(cel`${ASK_WORDS.tooMany}`)} : []`}]`,
  cel`${NAMES}.filter(n, !n.matches(${INSTANCE_PATTERN}) || n == ${NOTHING}).map(n, ${problem(cel`n + ${`: ${ASK_WORDS.badName}`}`)})`,
  cel`[${NAMES}].map(l, l.transformList(i, n, l.indexOf(n) < i, ${problem(cel`"asks for " + n + " twice: name them, as in a=" + n + ", b=" + n`)}))[0]`,
);
