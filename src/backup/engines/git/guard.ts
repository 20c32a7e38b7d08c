/** What must not be pushed to a server of somebody else. Pure. */
import { type BytePath, type FileEntry, nameOf, shownPath } from '../../manifest/entry.ts';

/** Names that keys and passwords have: git keeps them for ever, for all who may read the repository. */
const SECRET_NAMES: readonly RegExp[] = [
  /^id_(?:rsa|dsa|ecdsa|ed25519)(?:_sk)?$/,
  /\.(?:pem|key|p12|pfx|jks|keystore|kdbx)$/i,
  /^\.env(?:\.[\w-]+)?$/,
  /^\.(?:netrc|pgpass|git-credentials|npmrc|dockercfg|htpasswd)$/,
  /^(?:credentials|kubeconfig)$/,
];
const PRIVATE_KEY = /^-{5}BEGIN (?:[A-Z]+ ){0,2}PRIVATE KEY/;
/** How much of a file is looked at. */
export const HEAD_BYTES = 64;

export const hasSecretName = (path: BytePath): boolean => {
  const name = nameOf(path);
  return SECRET_NAMES.some((pattern) => pattern.test(name)) && !name.endsWith('.pub');
};

export const isPrivateKey = (head: Buffer): boolean =>
  PRIVATE_KEY.test(head.toString('latin1', 0, HEAD_BYTES));

const GITHUB_MAX_BYTES = 100 * 1024 * 1024;

/** The largest file that a server takes; it says so only when all has been sent. */
export function maxFileBytes(url: string): number {
  return /^(?:ssh|https):\/\/(?:[^/@]*@)?(?:ssh\.)?github\.com[:/]/.test(url)
    ? GITHUB_MAX_BYTES
    : Number.POSITIVE_INFINITY;
}

/** Why a file must not be stored there. */
export function objectionTo(entry: FileEntry, url: string): string | undefined {
  const max = maxFileBytes(url);
  return entry.size > max
    ? `${shownPath(entry.path)} has ${entry.size} bytes, and this server takes no file of more than ${max}`
    : undefined;
}
