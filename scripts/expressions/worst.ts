/**
 * Input that a backtracking engine may take long for: what an expression matches up to some point, and from there on one
 * piece again and again, without the end that it waits for.
 */
import { type AST, parseRegExpLiteral } from '@eslint-community/regexpp';

/** Characters that stand for the classes they are in. */
const TRIED = Array.from('a0 A_-/.:=\'"\\[]()<>,;#%@~!\t\n\r\0\u00e9\u2028');
/** Repetitions are followed this often where they need not be. */
const USUAL = 1;

export interface Pump {
  readonly prefix: string;
  readonly piece: string;
}

/** A text for one alternative of an expression, and on the way the places where it could go on for ever. */
class Sampler {
  readonly pumps: Pump[] = [];
  readonly #flags: string;

  constructor(flags: string) {
    this.#flags = flags.replaceAll(/[gyd]/g, '');
  }

  /** What an element matches, after `before`. */
  text(element: AST.Element, before: string): string {
    switch (element.type) {
      case 'Character':
        return String.fromCodePoint(element.value);
      case 'CharacterSet':
      case 'CharacterClass':
      case 'ExpressionCharacterClass':
        return this.#charactersOf(element.raw)[0] ?? '';
      case 'Group':
      case 'CapturingGroup':
        return this.#anyOf(element.alternatives, before);
      case 'Quantifier':
        return this.#repeated(element, before);
      default:
        return ''; // assertions and back references add nothing
    }
  }

  alternative({ elements }: AST.Alternative, start: string): string {
    let text = start;
    for (const element of elements) {
      text += this.text(element, text);
      // What has matched so far, from its start again and again: each copy may be where the match begins.
      this.pumps.push({ prefix: start, piece: text.slice(start.length) || 'a' });
    }
    return text.slice(start.length);
  }

  #anyOf(alternatives: readonly AST.Alternative[], before: string): string {
    return alternatives.map((alternative) => this.alternative(alternative, before))[0] ?? '';
  }

  #repeated({ element, min }: AST.Quantifier, before: string): string {
    const once = this.text(element, before);
    const pieces =
      'raw' in element && element.type.startsWith('Character') ? this.#charactersOf(element.raw) : [once];
    for (const piece of pieces.length === 0 ? [once] : pieces) {
      this.pumps.push({ prefix: before, piece: piece || 'a' });
    }
    return once.repeat(Math.max(min, Math.min(USUAL, 1)));
  }

  #charactersOf(raw: string): string[] {
    const one = new RegExp(`^${raw}$`, this.#flags);
    return TRIED.filter((character) => one.test(character)).slice(0, 3);
  }
}

/** All of them, each once. */
export function worstInputs(source: string, flags: string): Pump[] {
  const { pattern } = parseRegExpLiteral(new RegExp(source, flags));
  const sampler = new Sampler(flags);
  for (const alternative of pattern.alternatives) {
    sampler.alternative(alternative, '');
  }
  return [...new Map(sampler.pumps.map((pump) => [JSON.stringify(pump), pump])).values()];
}
