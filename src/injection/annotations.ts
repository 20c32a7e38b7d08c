/** Pillion's keys in labels and annotations, and the grammar of the one that asks. */

export const PREFIX = 'pillion.dev/';
/** Asks for profiles: on a pod as an annotation, on a namespace as a label. */
export const ASK = `${PREFIX}inject`;
/** What was put into the pod, as JSON. */
export const RECORD = `${PREFIX}injected`;
/** On a pod whose pod-level resources are too small: `raise` or `refuse`. */
export const POD_RESOURCES = `${PREFIX}pod-resources`;
/** Keys that are no parameter of an instance. */
export const OWN_KEYS: readonly string[] = [ASK, RECORD, POD_RESOURCES];

/** Stronger than the default of the namespace: nothing is put in. */
export const NOTHING = 'none';

export const MOST_INSTANCES = 8;
/** Characters. */
export const LONGEST_ASK = 512;

// Each pattern covers a whole value, so that it means the same in JavaScript and in a policy's RE2.
const SPACE = '[ \\t\\r\\n]*';
/** What counts as no annotation. */
export const EMPTY_PATTERN = `^${SPACE}$`;
export const NOTHING_PATTERN = `^${SPACE}${NOTHING}${SPACE}$`;
export const ASK_PATTERN = '^ *[a-z0-9-]+( *= *[a-z0-9-]+)?( *, *[a-z0-9-]+( *= *[a-z0-9-]+)?)* *$';
export const INSTANCE_PATTERN = '^[a-z]([a-z0-9-]{0,30}[a-z0-9])?$';

/** One profile that a pod asks for, under the name of its instance. */
export interface Asked {
  readonly instance: string;
  readonly profile: string;
}

const WHOLE = new RegExp(ASK_PATTERN);
const INSTANCE = new RegExp(INSTANCE_PATTERN);

/** What is wrong with the value of the annotation that asks; a policy says the same. */
export const ASK_WORDS = {
  grammar: 'must be a list such as git-sync, cron or templates=git-sync',
  tooMany: `may ask for at most ${MOST_INSTANCES}`,
  badName: 'a name begins with a letter, ends with a letter or digit, and has at most 32',
} as const;

/** Reads `git-sync`, `git-sync, cron`, `templates=git-sync, pages=git-sync`; what is wrong comes back in words. */
export function parseAsk(text: string): readonly Asked[] | { readonly problem: string } {
  if (text.length > LONGEST_ASK || !WHOLE.test(text)) {
    return { problem: ASK_WORDS.grammar };
  }
  const asked = text.split(',').map((item) => {
    const [name = '', profile = name] = item.split('=').map((part) => part.trim());
    return { instance: name, profile };
  });
  if (asked.length > MOST_INSTANCES) {
    return { problem: ASK_WORDS.tooMany };
  }
  const names = asked.map(({ instance }) => instance);
  const bad = names.find((name) => !INSTANCE.test(name) || name === NOTHING);
  if (bad !== undefined) {
    return { problem: `${bad}: ${ASK_WORDS.badName}` };
  }
  const twice = names.find((name, at) => names.indexOf(name) !== at);
  return twice === undefined
    ? asked
    : { problem: `asks for ${twice} twice: name them, as in a=${twice}, b=${twice}` };
}

/** The annotation that holds a parameter of an instance. */
export function parameterKey(instance: string, parameter: string): string {
  return `${PREFIX}${instance}.${parameter}`;
}
