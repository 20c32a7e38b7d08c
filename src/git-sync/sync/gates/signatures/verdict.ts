/** What gpg and ssh-keygen say of a signature, in words: only for people, what counts is how git ends. */

export type Verdict = { readonly kind: 'good'; readonly by: string } | Refusal;
export interface Refusal {
  readonly kind: 'unsigned' | 'refused';
  readonly why: string;
}

/** What an attacker wrote into a key's name is shown up to here. */
const LONGEST_SHOWN = 300;

/** The status words of gpg (doc/DETAILS in its sources), most telling first. */
const GPG_WORDS: readonly (readonly [word: string, meaning: string])[] = [
  ['REVKEYSIG', 'the key of its signature is revoked'],
  ['EXPKEYSIG', 'the key of its signature has expired'],
  ['EXPSIG', 'its signature has expired'],
  ['BADSIG', 'its signature does not match what it signs'],
  ['NO_PUBKEY', 'the key of its signature is not in --verify-gpg-keyring'],
  ['ERRSIG', 'its signature cannot be checked'],
];

function gpgWord(lines: readonly string[], word: string): string | undefined {
  const prefix = `[GNUPG:] ${word} `;
  return lines.find((line) => line.startsWith(prefix))?.slice(prefix.length, prefix.length + LONGEST_SHOWN);
}

/** Who signed, as gpg and ssh-keygen name them. */
export function signerOf(said: string): string {
  const lines = said.split('\n');
  const ssh = lines.find((line) => line.startsWith('Good "git" signature for '));
  const fingerprint = gpgWord(lines, 'VALIDSIG')?.split(' ')[0];
  const name = gpgWord(lines, 'GOODSIG')?.split(' ').slice(1).join(' ');
  return (ssh ?? `${fingerprint ?? 'unknown'} ${name ?? ''}`).slice(0, LONGEST_SHOWN).trim();
}

/** Why a signature does not count. */
export function refusalOf(said: string): Refusal {
  const text = said.trim();
  if (text === '') {
    return { kind: 'unsigned', why: 'it is not signed' };
  }
  const lines = text.split('\n');
  for (const [word, meaning] of GPG_WORDS) {
    const details = gpgWord(lines, word);
    if (details !== undefined) {
      return { kind: 'refused', why: `${meaning} (${word} ${details})` };
    }
  }
  if (lines.some((line) => /^no signature found|^error: no signature found/.test(line))) {
    return { kind: 'unsigned', why: 'it is not signed' };
  }
  const isForeign = lines.some((line) => /^(Good "git" signature with |No principal matched)/.test(line));
  const meaning = isForeign
    ? 'the key of its signature is not in --verify-ssh-allowed-signers, or not for the time of the commit'
    : 'its signature is not accepted';
  return { kind: 'refused', why: `${meaning} (${JSON.stringify(text.slice(-LONGEST_SHOWN))})` };
}
