/**
 * What a parameter of each type accepts, as rules that say the same three times: as a function for the engine, as a CEL
 * expression for a policy, and in words for the author of the annotation.
 */
import { RE2JS } from 're2js';
import { type Cel, cel } from '../cel.ts';
import { DURATION_PATTERN, LONGEST_DURATION, parseDuration } from './duration.ts';
import type { Parameter, ParameterDeclaration } from './parameter.ts';
import { parseQuantity, QUANTITY_PATTERN } from './quantity.ts';

export interface Rule {
  holds(text: string): boolean;
  /** A boolean CEL expression over `value`, itself an expression for the text; it never fails where earlier rules hold. */
  cel(value: Cel): Cel;
  /** Follows the key and the value: `must be ...`. */
  readonly words: string;
}

/** A rule that one regular expression decides; the expression is linear and means the same in RE2 and JavaScript. */
function shape(pattern: string, words: string): Rule {
  const expression = new RegExp(pattern);
  return {
    holds: (text) => expression.test(text),
    cel: (value) => cel`${value}.matches(${pattern})`,
    words,
  };
}

function not(pattern: string, words: string): Rule {
  const { holds, cel: matches } = shape(pattern, words);
  return { holds: (text) => !holds(text), cel: (value) => cel`!${matches(value)}`, words };
}

function atMost(length: number, words: string): Rule {
  return {
    // Letters, as CEL counts them; JavaScript counts some of them twice.
    holds: (text) =>
      text.length <= length || (text.length <= 2 * length && Array.from(text).length <= length),
    cel: (value) => cel`size(${value}) <= ${length}`,
    words,
  };
}

/** Every value: one line of printable ASCII. What is beyond it has no use in a parameter and many in an attack. */
const PRINTABLE = shape('^[ -~]+$', 'must be one line of plain ASCII text, not empty');

/** Nothing is as long; asked first, so that no other rule has to read what somebody put there to be read. */
const LONGEST_VALUE = 4096;
const BOUNDED = atMost(LONGEST_VALUE, `must be at most ${LONGEST_VALUE} characters`);

const LABEL = '[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?';

function nameRules(isLabel: boolean): Rule[] {
  return isLabel
    ? [shape(`^${LABEL}$`, 'must be a name of lower-case letters, digits and dashes, at most 63')]
    : [
        atMost(253, 'must be a name of at most 253 characters'),
        shape(
          '^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*$',
          'must be the name of an object: lower-case letters, digits, dashes and dots',
        ),
      ];
}

/** The kernel's own trees, where a mount breaks a container. */
const KERNEL_PATHS = '^/(?:proc|sys|dev)(?:/|$)';

function pathRules(): Rule[] {
  const words = 'must be an absolute path without .. or //, such as /data';
  return [
    atMost(200, words),
    shape('^(?:/\\.?[A-Za-z0-9_@+~-][A-Za-z0-9._@+~-]*)+$', words),
    not(KERNEL_PATHS, 'must not be below /proc, /sys or /dev'),
  ];
}

function urlRules(schemes: readonly string[], scp: boolean): Rule[] {
  const tail = '[A-Za-z0-9._~:/?#@!&*+,;=%-]';
  const url = `(?:${schemes.join('|')})://${tail}+`;
  const copy = '[A-Za-z0-9._-]+@[A-Za-z0-9.-]+:[A-Za-z0-9._~/+-]+';
  const words = `must be an address with ${schemes.map((scheme) => `${scheme}://`).join(', ')}${scp ? ' or user@host:path' : ''}`;
  return [
    atMost(1024, 'must be an address of at most 1024 characters'),
    not('^[a-z+]+://[^/?#]*:[^/?#]*@', 'must not carry a password: put it into a Secret'),
    not('^https?://[^/?#]*@', 'must not carry credentials: put them into a Secret'),
    shape(scp ? `^(?:${url}|${copy})$` : `^${url}$`, words),
  ];
}

function durationRules(min: string, max: string): Rule[] {
  const words = `must be a duration from ${min} to ${max}, such as 30s or 5m`;
  const low = parseDuration(min) ?? 0;
  const high = parseDuration(max) ?? 0;
  return [
    atMost(LONGEST_DURATION, words),
    shape(DURATION_PATTERN, words),
    {
      holds: (text) => {
        const value = parseDuration(text) ?? -1;
        return value >= low && value <= high;
      },
      cel: (value) => cel`duration(${value}) >= duration(${min}) && duration(${value}) <= duration(${max})`,
      words,
    },
  ];
}

function quantityRules(min: string, max: string): Rule[] {
  const words = `must be a quantity from ${min} to ${max}`;
  const low = parseQuantity(min) ?? 0n;
  const high = parseQuantity(max) ?? 0n;
  return [
    shape(QUANTITY_PATTERN, words),
    {
      holds: (text) => {
        const value = parseQuantity(text) ?? -1n;
        return value >= low && value <= high;
      },
      cel: (value) =>
        cel`quantity(${value}).compareTo(quantity(${min})) >= 0 && quantity(${value}).compareTo(quantity(${max})) <= 0`,
      words,
    },
  ];
}

function integerRules(min: number, max: number, words: string): Rule[] {
  return [
    shape('^(?:0|-?[1-9][0-9]{0,8})$', words),
    {
      holds: (text) => Number(text) >= min && Number(text) <= max,
      cel: (value) => cel`int(${value}) >= ${min} && int(${value}) <= ${max}`,
      words,
    },
  ];
}

function choiceRule(choices: readonly string[]): Rule {
  return {
    holds: (text) => choices.includes(text),
    cel: (value) => cel`${value} in ${choices}`,
    words: `must be one of ${choices.join(', ')}`,
  };
}

/** The rules of a parameter, in the order in which they are asked: a later one may rely on those before it. */
export function rulesOf(parameter: Parameter): readonly Rule[] {
  const known = compiled.get(parameter);
  if (known !== undefined) {
    return known;
  }
  const rules = [BOUNDED, PRINTABLE, ...typeRules(parameter.declaration)];
  compiled.set(parameter, rules);
  return rules;
}

/** Compiling somebody's pattern costs more than asking it. */
const compiled = new WeakMap<Parameter, readonly Rule[]>();

function typeRules(declaration: ParameterDeclaration): readonly Rule[] {
  switch (declaration.type) {
    case 'string':
      return stringRules(declaration);
    case 'name':
      return nameRules(declaration.label);
    case 'path':
      return pathRules();
    case 'url':
      return urlRules(declaration.schemes, declaration.scp);
    case 'duration':
      return durationRules(declaration.min, declaration.max);
    case 'quantity':
      return quantityRules(declaration.min, declaration.max);
    case 'integer': {
      const { min, max } = declaration;
      return integerRules(min, max, `must be a whole number from ${min} to ${max}`);
    }
    case 'port':
      return integerRules(1024, 65_535, 'must be a port from 1024 to 65535');
    case 'boolean':
      return [choiceRule(['true', 'false'])];
    default:
      return [choiceRule(declaration.choices)];
  }
}

/** A pattern of somebody else's, in a machine that is linear and is the one that CEL's `matches` uses. */
function stringRules({ pattern, maxLength }: { pattern?: string | undefined; maxLength: number }): Rule[] {
  const rules = [atMost(maxLength, `must be at most ${maxLength} characters`)];
  if (pattern === undefined) {
    return rules;
  }
  const whole = `^(?:${pattern})$`;
  const machine = RE2JS.compile(whole);
  return [
    ...rules,
    {
      holds: (text) => machine.matcher(text).find(),
      cel: (value) => cel`${value}.matches(${whole})`,
      words: `must match ${pattern}`,
    },
  ];
}
