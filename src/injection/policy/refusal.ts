/** Refusals as CEL: a list of reason and message, or an empty list. */
import { type Cel, type CelValue, cel, celConcat } from '../cel.ts';
import type { Reason } from '../engine/decision.ts';
import { LONGEST_MESSAGE, LONGEST_VALUE } from '../text.ts';

/** No refusal. */
export const NONE = cel`[]`;

export function refusal(reason: Reason, message: CelValue): Cel {
  return cel`[${reason}, ${message}]`;
}

/** The refusal where the condition holds. */
export function refuseWhen(condition: Cel, reason: Reason, message: CelValue): Cel {
  return cel`${condition} ? ${refusal(reason, message)} : []`;
}

/** The first refusal of a list of them. */
export function firstOf(refusals: Cel): Cel {
  return cel`${refusals}.filter(r, size(r) > 0)[?0].orValue([])`;
}

/** The first refusal of several lists of them. */
export function firstOfAll(...lists: readonly Cel[]): Cel {
  return firstOf(celConcat(lists));
}

/** Nothing that a terminal, an HTTP header or a log could take for more than a letter. */
const PRINTABLE_PATTERN = '^[^\\pC\\x{2028}\\x{2029}]*$';

/** A foreign value in quotes, cut when it is long; one with signs that nobody can print is not shown. */
export function quotedCel(value: Cel): Cel {
  const cut = cel`size(${value}) > ${LONGEST_VALUE} ? ${value}.substring(0, ${LONGEST_VALUE}) + "..." : ${value}`;
  return cel`[${cut}].map(q, q.matches(${PRINTABLE_PATTERN}) ? strings.quote(q) : ${'"?"'})[0]`;
}

/** The message of a refusal, cut to what an answer may hold; empty where there is none, since the server always asks. */
export function messageOf(refused: Cel): Cel {
  return cel`${refused}.map(m, size(m) > ${LONGEST_MESSAGE} ? m.substring(0, ${LONGEST_MESSAGE - 3}) + "..." : m)[?1].orValue("")`;
}
