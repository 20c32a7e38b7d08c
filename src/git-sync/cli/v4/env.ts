/** How v4 reads its environment: presence counts even when empty, and of several names the last one listed wins. */
import { errorMessage } from '../../../core/errors.ts';
import { withoutLineEnd } from '../../../core/line-end.ts';
import { goQuote } from '../../../core/options/go-quote.ts';
import type { Option, Options } from '../../../core/options/option.ts';
import type { Redactor } from '../../../core/options/redactor.ts';

export interface EnvValue {
  /** The variable that won. */
  readonly name: string;
  readonly text: string;
  readonly value: unknown;
}

export interface EnvReading {
  readonly values: ReadonlyMap<string, EnvValue>;
  /** Notes for stderr about old names. */
  readonly notes: readonly string[];
  /** The message that ends the process with code 1, if a variable cannot be read. */
  readonly fatal?: string;
}

type Environment = Readonly<Record<string, string | undefined>>;

interface Chosen {
  readonly name: string;
  readonly text: string;
}

function choose(declared: Option<unknown>, env: Environment, notes: string[]): Chosen | undefined {
  const names = declared.env ?? [];
  const present = names.filter((name) => env[name] !== undefined);
  const winner = present.at(-1);
  if (winner === undefined) {
    return undefined;
  }
  for (const name of present.filter((candidate) => candidate !== names[0])) {
    notes.push(`env $${name} has been deprecated, use $${names[0]} instead`);
  }
  if (present.length > 1) {
    notes.push(`env $${present[0]} was overridden by $${winner}`);
  }
  return { name: winner, text: withoutLineEnd(env[winner] ?? '') };
}

/** Lists are separated by colons in the environment, as in PATH. */
function parseEnv(declared: Option<unknown>, text: string): unknown {
  const { type } = declared;
  return type.repeats && type.name === 'string' ? text.split(':') : type.parse(text);
}

/** Reads the variables of all options, in the order of the table; stops at the first that cannot be read. */
export function readEnv(options: Options, env: Environment, redactor: Redactor): EnvReading {
  const values = new Map<string, EnvValue>();
  const notes: string[] = [];
  for (const [key, declared] of Object.entries(options)) {
    const chosen = choose(declared, env, notes);
    if (chosen === undefined) {
      continue;
    }
    redactor.register(declared, chosen.text);
    try {
      values.set(key, { ...chosen, value: parseEnv(declared, chosen.text) });
    } catch (error) {
      if (declared.type.accumulates) {
        // The original ignores what it cannot read, without a word.
        notes.push(`env $${chosen.name} is ignored: ${errorMessage(error)}`);
        continue;
      }
      const shown = `${chosen.name}=${goQuote(redactor.redact(chosen.text))}`;
      const why = redactor.redact(errorMessage(error));
      return { values, notes, fatal: `FATAL: invalid ${declared.type.name} env ${shown}: ${why}` };
    }
  }
  return { values, notes };
}
