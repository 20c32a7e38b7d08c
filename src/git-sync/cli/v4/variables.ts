/** How v4 reads its environment: presence counts even when empty, and of several names the last one listed wins. */
import { errorMessage } from '../../../core/errors.ts';
import { withoutLineEnd } from '../../../core/line-end.ts';
import type { VariableRules } from '../../../core/options/read-options.ts';

export const V4_VARIABLES: VariableRules = {
  choose(declared, env, note) {
    const names = declared.env ?? [];
    const present = names.filter((name) => env[name] !== undefined);
    const winner = present.at(-1);
    if (winner === undefined) {
      return undefined;
    }
    for (const name of present.filter((candidate) => candidate !== names[0])) {
      note(`env $${name} has been deprecated, use $${names[0]} instead`);
    }
    if (present.length > 1) {
      note(`env $${present[0]} was overridden by $${winner}`);
    }
    return { name: winner, text: withoutLineEnd(env[winner] ?? '') };
  },
  /** Lists are separated by colons in the environment, as in PATH. */
  parse({ type }, text) {
    return type.repeats && type.name === 'string' ? text.split(':') : type.parse(text);
  },
  /** The original ignores credentials that it cannot read, without a word. */
  ignores({ declared, given, error }, note) {
    if (!declared.type.accumulates) {
      return false;
    }
    note(`env $${given.name} is ignored: ${errorMessage(error)}`);
    return true;
  },
};
