/** Checks RDS tokens as RDS does, by code of its own: nothing here is shared with what makes them. */
import { createHash, createHmac } from 'node:crypto';

/** What AWS knows of an access key. Times in milliseconds since the epoch. */
export interface IssuedKey {
  readonly secretAccessKey: string;
  readonly sessionToken?: string | undefined;
  /** The end of the session. */
  readonly notAfter?: number | undefined;
}

export interface VerifierOptions {
  /** `host:port` of the instance: the name that tokens must be made for. */
  readonly endpoint: string;
  readonly region: string;
  /** At most this long is a token good, whatever it says; RDS's 900 s can be shortened for tests. */
  readonly maxAgeMs?: number;
  readonly now?: () => number;
}

export interface RdsVerifier {
  readonly keys: Map<string, IssuedKey>;
  /** Undefined for a good token, or else why it is refused. */
  refusal(user: string, token: string): string | undefined;
}

const FUTURE_TOLERANCE_MS = 300_000;
const AMZ_DATE = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/;

export function createRdsVerifier(options: VerifierOptions): RdsVerifier {
  const keys = new Map<string, IssuedKey>();
  const now = options.now ?? Date.now;
  return {
    keys,
    refusal(user, token) {
      try {
        check(user, token, options, keys, now());
        return undefined;
      } catch (error) {
        return error instanceof Error ? error.message : 'unknown';
      }
    },
  };
}

function demand(isTrue: boolean, otherwise: string): void {
  if (!isTrue) {
    throw new Error(otherwise);
  }
}

function check(
  user: string,
  token: string,
  { endpoint, region, maxAgeMs = 900_000 }: VerifierOptions,
  keys: ReadonlyMap<string, IssuedKey>,
  now: number,
): void {
  const cut = token.indexOf('/?');
  demand(cut > 0, 'it is no token');
  const host = token.slice(0, cut);
  const pairs = token
    .slice(cut + 2)
    .split('&')
    .map((pair) => pair.split('=', 2) as [string, string]);
  const parameters = new Map(pairs.map(([name, value]) => [name, decodeURIComponent(value)]));
  const get = (name: string): string => parameters.get(name) ?? '';
  demand(parameters.size === pairs.length, 'a parameter is there twice');
  demand(host === endpoint, `it is for ${host}`);
  demand(get('Action') === 'connect', 'its action is not connect');
  demand(get('DBUser') === user, `it is for the user ${get('DBUser')}`);
  demand(get('X-Amz-Algorithm') === 'AWS4-HMAC-SHA256', 'its algorithm is another');
  demand(get('X-Amz-SignedHeaders') === 'host', 'it signs other headers');
  const [keyId = '', day, scopeRegion, service, terminator] = get('X-Amz-Credential').split('/');
  demand(scopeRegion === region, `its region is ${scopeRegion}`);
  demand(service === 'rds-db' && terminator === 'aws4_request', 'its scope is another');
  const date = AMZ_DATE.exec(get('X-Amz-Date'));
  demand(date !== null && get('X-Amz-Date').startsWith(String(day)), 'its date is wrong');
  const [year, month, ofMonth, hour, minute, second] = (date ?? []).slice(1).map(Number);
  const madeAt = Date.UTC(year ?? 0, (month ?? 1) - 1, ofMonth, hour, minute, second);
  const expires = Number(get('X-Amz-Expires'));
  demand(expires > 0 && expires <= 900, 'its life is not 1 to 900 s');
  demand(madeAt - now <= FUTURE_TOLERANCE_MS, 'it is dated in the future');
  demand(now < madeAt + Math.min(expires * 1000, maxAgeMs), 'it has expired');
  const key = keys.get(keyId);
  demand(key !== undefined, `there is no key ${keyId}`);
  demand(now < (key?.notAfter ?? Infinity), 'its session has ended');
  demand((key?.sessionToken ?? '') === get('X-Amz-Security-Token'), 'its session token is another');
  const signature = sign(host, pairs, get('X-Amz-Date'), [String(day), region], key?.secretAccessKey ?? '');
  demand(signature === get('X-Amz-Signature'), 'its signature is wrong');
}

function sign(
  host: string,
  pairs: readonly (readonly [string, string])[],
  date: string,
  [day = '', region = '']: readonly string[],
  secret: string,
): string {
  const sha = (text: string) => createHash('sha256').update(text, 'utf8').digest('hex');
  const mac = (key: string | Buffer, text: string) => createHmac('sha256', key).update(text, 'utf8').digest();
  const query = pairs
    .filter(([name]) => name !== 'X-Amz-Signature')
    .map(([name, value]) => `${name}=${value}`)
    .sort((a, b) => (a < b ? -1 : 1))
    .join('&');
  const canonical = `GET\n/\n${query}\nhost:${host.toLowerCase()}\n\nhost\n${sha('')}`;
  const scope = `${day}/${region}/rds-db/aws4_request`;
  const key = mac(mac(mac(mac(`AWS4${secret}`, day), region), 'rds-db'), 'aws4_request');
  return mac(key, `AWS4-HMAC-SHA256\n${date}\n${scope}\n${sha(canonical)}`).toString('hex');
}
