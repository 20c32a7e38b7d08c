import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runProgram } from '../../support/run-program.ts';
import { makeTempDir, removeTempDir } from '../../support/temp.ts';

/** Both as PEM. */
export interface KeyAndCertificate {
  readonly key: string;
  readonly certificate: string;
}

/** A certificate for a name that is its own authority. */
export async function selfSigned(host: string): Promise<KeyAndCertificate> {
  const folder = await makeTempDir();
  const [key, certificate] = [join(folder, 'tls.key'), join(folder, 'tls.crt')];
  // The name is in the SAN alone: as a common name, that of a Service may be too long.
  const subject = ['-subj', '/CN=test', '-addext', `subjectAltName=DNS:${host}`];
  const output = ['-keyout', key, '-out', certificate];
  const flags = ['-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2'];
  await runProgram('openssl', ['req', ...flags, ...subject, ...output]);
  const made = { key: await readFile(key, 'utf8'), certificate: await readFile(certificate, 'utf8') };
  await removeTempDir(folder);
  return made;
}
