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

/** A foreign value in quotes, cut when it is long, with nothing in it that ends a line. */
export function quotedCel(value: Cel): Cel {
  return cel`strings.quote(size(${value}) > ${LONGEST_VALUE} ? ${value}.substring(0, ${LONGEST_VALUE}) + "..." : ${value})`;
}

/** The message of a refusal, cut to what an answer may hold. */
export function messageOf(refused: Cel): Cel {
  return cel`${refused}.map(m, size(m) > ${LONGEST_MESSAGE} ? m.substring(0, ${LONGEST_MESSAGE - 3}) + "..." : m)[1]`;
}
