/** PEM texts as a certificate that can be served. */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { errorMessage } from '../../../core/errors.ts';
import { SERVER_ERRORS } from '../../../core/http/errors.ts';
import type { Served } from './source.ts';

/** Linear: the end is searched from each beginning once. */
const BEGIN = '-----BEGIN ';

/** The blocks of a PEM text with their labels, in order. */
export function pemBlocks(text: string): { readonly label: string; readonly block: string }[] {
  const blocks: { label: string; block: string }[] = [];
  let at = text.indexOf(BEGIN);
  while (at !== -1) {
    const labelEnd = text.indexOf('-----', at + BEGIN.length);
    const label = labelEnd === -1 ? '' : text.slice(at + BEGIN.length, labelEnd);
    const end = `-----END ${label}-----`;
    const stop = labelEnd === -1 ? -1 : text.indexOf(end, labelEnd);
    if (stop === -1) {
      break;
    }
    blocks.push({ label, block: `${text.slice(at, stop + end.length)}\n` });
    at = text.indexOf(BEGIN, stop + end.length);
  }
  return blocks;
}

/**
 * Chain and key, from one text or two.
 * @throws PillionError `certificate_invalid`
 */
export function servedOf(certText: string, keyText: string): Served {
  const cert = pemBlocks(certText).filter(({ label }) => label === 'CERTIFICATE');
  const [key] = pemBlocks(keyText).filter(({ label }) => label.endsWith('PRIVATE KEY'));
  const [leaf] = cert;
  if (leaf === undefined || key === undefined) {
    const why = leaf === undefined ? 'there is no certificate in it' : 'there is no private key';
    throw SERVER_ERRORS.certificate_invalid({ why });
  }
  try {
    const chain = cert.map(({ block }) => new X509Certificate(block));
    const first = chain[0];
    if (first === undefined || !first.checkPrivateKey(createPrivateKey(key.block))) {
      throw new Error('the key belongs to another certificate');
    }
    return {
      cert: cert.map(({ block }) => block).join(''),
      key: key.block,
      expiresAt: Math.min(...chain.map(({ validTo }) => Date.parse(validTo))),
      names: namesOf(first),
    };
  } catch (error) {
    throw SERVER_ERRORS.certificate_invalid({ why: errorMessage(error) }, { cause: error });
  }
}

function namesOf({ subjectAltName }: X509Certificate): string[] {
  return (subjectAltName ?? '')
    .split(', ')
    .filter((each) => each.startsWith('DNS:'))
    .map((each) => each.slice('DNS:'.length).toLowerCase());
}
