/** The order of names with numbers in them, and patterns of such names. */

/** What a name ends in when it is not final: `1.0-rc1` comes before `1.0`. */
const NOT_FINAL = /^[-._~+]?(?:alpha|beta|dev|nightly|pre|preview|rc|snapshot)(?![a-z])/i;

const PARTS = /\d+|\D+/g;
const isDigits = (text: string) => text.charCodeAt(0) >= 48 && text.charCodeAt(0) <= 57;

function compareNumbers(one: string, other: string): number {
  const [first, second] = [one.replace(/^0+/, ''), other.replace(/^0+/, '')];
  if (first.length !== second.length) {
    return first.length - second.length;
  }
  return first === second ? 0 : first < second ? -1 : 1;
}

const compareTexts = (one: string, other: string) => (one === other ? 0 : one < other ? -1 : 1);

/** Where both go on differently: what is not final is older than what ends here, and anything else newer. */
function compareRests(one: string, other: string): number {
  const [first, second] = [NOT_FINAL.test(one), NOT_FINAL.test(other)];
  if (first !== second) {
    return first ? -1 : 1;
  }
  if (one === '' || other === '') {
    return one.length - other.length;
  }
  return compareTexts(one, other);
}

/**
 * Above 0 where the first name is newer: numbers in them count as numbers (`release-10` after `release-9`), and what is not
 * final (`-rc1`, `-beta`) comes before the same without. In time proportional to their length.
 */
export function compareNames(one: string, other: string): number {
  const [first, second] = [one.match(PARTS) ?? [], other.match(PARTS) ?? []];
  const count = Math.max(first.length, second.length);
  for (let index = 0; index < count; index += 1) {
    const [left = '', right = ''] = [first[index], second[index]];
    if (left === right) {
      continue;
    }
    if (left !== '' && right !== '' && isDigits(left) && isDigits(right)) {
      const difference = compareNumbers(left, right);
      if (difference !== 0) {
        return difference;
      }
      continue;
    }
    return compareRests(left, right);
  }
  return compareTexts(one, other);
}

/** Whether a name is of a pattern in which `*` stands for any text, slashes included. */
export function createPattern(pattern: string): (name: string) => boolean {
  const [head = '', ...rest] = pattern.split('*');
  const tail = rest.pop();
  if (tail === undefined) {
    return (name) => name === pattern;
  }
  const middle = rest.filter((part) => part !== '');
  return (name) => {
    if (!name.startsWith(head) || !name.endsWith(tail)) {
      return false;
    }
    const end = name.length - tail.length;
    let at = head.length;
    for (const part of middle) {
      const found = name.indexOf(part, at);
      if (found === -1 || found + part.length > end) {
        return false;
      }
      at = found + part.length;
    }
    return at <= end;
  };
}
