/** What ssh cannot use about a key file, and what of it can be mended in a copy. Pure. */

/** Why ssh cannot use a key, in words that follow its path, and what to do. */
export interface KeyFault {
  readonly problem: string;
  readonly hint: string;
}

const PRIVATE_KEY = /^-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----/;
const PUBLIC_KEY = /^(ssh-|ecdsa-|sk-)\S+ \S|^---- BEGIN SSH2 PUBLIC KEY|^-----BEGIN [A-Z ]*PUBLIC KEY/;
/** What OpenSSH's own format begins with, and the cipher that says that there is none. */
const OPENSSH_MAGIC = 'openssh-key-v1\0';
const NO_CIPHER = 'none';
/** No private key is longer; what is, is not looked at. */
export const MAX_KEY_BYTES = 64 * 1024;

/**
 * The text as ssh can read it: with Unix line ends, also at its end, and nothing around it. Editors, Windows and
 * `kubectl create secret --from-literal` leave keys without. What is no private key is not touched.
 */
export function mendKey(text: string): string {
  const trimmed = text.replace(/^\uFEFF/, '').trim();
  return PRIVATE_KEY.test(trimmed) ? `${trimmed.replaceAll(/\r\n?/g, '\n')}\n` : text;
}

/** Why ssh cannot use this text, with its line ends mended, as a key; undefined when nothing is known against it. */
export function faultOfKey(text: string): KeyFault | undefined {
  const key = mendKey(text).trim();
  if (key === '') {
    return { problem: 'is empty', hint: 'put the private key there' };
  }
  if (PUBLIC_KEY.test(key)) {
    return { problem: 'is a public key', hint: 'give the private one, the file without .pub' };
  }
  if (key.startsWith('PuTTY-User-Key-File')) {
    return {
      problem: "is a key in PuTTY's format",
      hint: 'convert it: puttygen KEY -O private-openssh -o NEW',
    };
  }
  if (!PRIVATE_KEY.test(key)) {
    return isEncodedKey(key)
      ? {
          problem: 'is encoded in base64 once more',
          hint: "in a Secret's data it is encoded once; stringData and --from-file take the key as it is",
        }
      : { problem: 'is no private key', hint: 'it has to begin with -----BEGIN ... PRIVATE KEY-----' };
  }
  if (!key.includes('\n')) {
    return {
      problem: 'has lost its line breaks',
      hint: 'keep them: in YAML with a block (|), in a shell with quotes',
    };
  }
  return hasPassphrase(key)
    ? {
        problem: 'has a passphrase, which nobody is there to type',
        hint: "take a key without one: ssh-keygen -p -N '' -f KEY",
      }
    : undefined;
}

function isEncodedKey(text: string): boolean {
  return PRIVATE_KEY.test(Buffer.from(text, 'base64').toString('latin1').trimStart());
}

/** The header of PEM, PKCS#8's own name, or the cipher in OpenSSH's format (PROTOCOL.key of OpenSSH). */
function hasPassphrase(key: string): boolean {
  if (key.includes('\nProc-Type: 4,ENCRYPTED') || key.startsWith('-----BEGIN ENCRYPTED ')) {
    return true;
  }
  const [head = '', ...lines] = key.split('\n');
  const bytes = Buffer.from(lines.slice(0, -1).join(''), 'base64');
  const at = OPENSSH_MAGIC.length;
  if (
    !head.includes('OPENSSH') ||
    bytes.toString('latin1', 0, at) !== OPENSSH_MAGIC ||
    bytes.length < at + 4
  ) {
    return false;
  }
  const length = bytes.readUInt32BE(at);
  return bytes.toString('latin1', at + 4, at + 4 + length) !== NO_CIPHER;
}
