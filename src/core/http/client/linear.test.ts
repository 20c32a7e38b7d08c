/** Text of servers and files is read in time proportional to its length. */
import { describe, it } from 'vitest';
import { expectLinear, pumped } from '../../testing/linear.ts';
import { certificatesIn } from './certificates.ts';
import { nextHop } from './redirect.ts';

const BEGIN = '-----BEGIN CERTIFICATE-----';
const END = '-----END CERTIFICATE-----';

describe('one MiB of hostile text', () => {
  it('is no trouble as a file of certificates', () => {
    for (const piece of [BEGIN, END, `${BEGIN}\n`, `${END}${BEGIN}`, `${BEGIN}${END}`, '-', 'A', '\n']) {
      expectLinear(certificatesIn, pumped('', piece));
      expectLinear(certificatesIn, pumped(BEGIN, piece, END));
    }
  });

  it('is no trouble as the place that an answer redirects to', () => {
    const url = new URL('http://a.test/x');
    const hop = { method: 'GET', url, headers: {}, trusted: true };
    const follow = (location: string) => {
      try {
        return nextHop(hop, url, { status: 302, location });
      } catch (error) {
        return error;
      }
    };
    for (const piece of ['../', '%', '@', 'a.', '[']) {
      expectLinear(follow, pumped('', piece), { limitMs: 200 });
      expectLinear(follow, pumped('http://', piece), { limitMs: 200 });
    }
  });
});
