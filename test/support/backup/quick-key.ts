/**
 * A key that opens at once. restic makes its keys so that a guess takes half a second, which each of its calls pays; a
 * test has nothing to hide. https://restic.readthedocs.io/en/stable/100_references.html#keys-encryption-and-mac
 */
import { createCipheriv, createDecipheriv, createHash, scryptSync } from 'node:crypto';
import { chmod, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

interface KeyFile {
  readonly N: number;
  readonly r: number;
  readonly p: number;
  readonly salt: string;
  readonly data: string;
}

/** Of the restic that makes the keys of its new repositories quick, where they are in a directory. */
export const QUICK_RESTIC = fileURLToPath(new URL('quick', import.meta.url));

const IV_BYTES = 16;
const MAC_BYTES = 16;

/** Replaces the keys of a repository in a directory; the password stays. */
export async function makeKeysQuick(repository: string, password: string): Promise<void> {
  const folder = path.join(repository, 'keys');
  for (const name of await readdir(folder)) {
    const key = JSON.parse(await readFile(path.join(folder, name), 'utf8')) as KeyFile;
    const quick = { ...key, N: 2, r: 1, p: 1 };
    const data = encrypt(decrypt(key, password), quick, password);
    const text = JSON.stringify({ ...quick, data: data.toString('base64') });
    const renamed = path.join(folder, createHash('sha256').update(text).digest('hex'));
    await writeFile(renamed, text);
    await chmod(renamed, 0o600);
    if (path.basename(renamed) !== name) {
      await rm(path.join(folder, name), { force: true });
    }
  }
}

function derive({ N, r, p, salt }: KeyFile, password: string) {
  const options = { N, r, p, maxmem: 1024 ** 3 };
  const bytes = scryptSync(password, Buffer.from(salt, 'base64'), 64, options);
  return { cipher: bytes.subarray(0, 32), k: bytes.subarray(32, 48), r: bytes.subarray(48, 64) };
}

function decrypt(key: KeyFile, password: string): Buffer {
  const data = Buffer.from(key.data, 'base64');
  const { cipher } = derive(key, password);
  const plain = createDecipheriv('aes-256-ctr', cipher, data.subarray(0, IV_BYTES));
  return Buffer.concat([plain.update(data.subarray(IV_BYTES, -MAC_BYTES)), plain.final()]);
}

function encrypt(plain: Buffer, key: KeyFile, password: string): Buffer {
  const { cipher, k, r } = derive(key, password);
  const iv = createHash('sha256').update(plain).digest().subarray(0, IV_BYTES);
  const encrypted = createCipheriv('aes-256-ctr', cipher, iv);
  const text = Buffer.concat([encrypted.update(plain), encrypted.final()]);
  const nonce = createCipheriv('aes-128-ecb', k, null).setAutoPadding(false).update(iv);
  return Buffer.concat([iv, text, poly1305(text, r, nonce)]);
}

const littleEndian = (bytes: Uint8Array): bigint =>
  BigInt(`0x${Buffer.from(bytes).reverse().toString('hex') || '0'}`);
const PRIME = 2n ** 130n - 5n;
const CLAMP = 0x0f_ff_ff_fc_0f_ff_ff_fc_0f_ff_ff_fc_0f_ff_ff_ffn;

function poly1305(message: Buffer, r: Buffer, s: Buffer): Buffer {
  const factor = littleEndian(r) & CLAMP;
  let sum = 0n;
  for (let at = 0; at < message.length; at += 16) {
    const block = message.subarray(at, at + 16);
    sum = ((sum + littleEndian(block) + (1n << BigInt(block.length * 8))) * factor) % PRIME;
  }
  const tag = (sum + littleEndian(s)) % 2n ** 128n;
  return Buffer.from(tag.toString(16).padStart(32, '0'), 'hex').reverse();
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const { RESTIC_REPOSITORY: repository = '', RESTIC_PASSWORD: password = '' } = process.env;
  await makeKeysQuick(repository, password);
}
