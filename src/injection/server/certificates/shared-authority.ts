/** Certificates of our own: one authority in a Secret for all replicas, and a certificate in memory for each. */
import type { Clock } from '../../../core/clock.ts';
import { isPillionError } from '../../../core/errors.ts';
import type { Log } from '../../../core/log/log.ts';
import type { ApiClient } from '../../../kubernetes/client.ts';
import { createAuthoritySecret } from './authority-secret.ts';
import {
  type Authority,
  type AuthorityState,
  afterStep,
  bundleOf,
  contains,
  isDue,
  nextStep,
  type RotationTimes,
} from './authority-state.ts';
import { servedOf } from './pem.ts';
import type { CertificateSource, Served } from './source.ts';
import { publishBundle } from './webhook-bundles.ts';

const REFRESH_MS = 10_000;
const LONGEST_BACKOFF_MS = 60_000;

export interface SharedAuthorityOptions {
  readonly namespace: string;
  /** Name of the Secret. */
  readonly secret: string;
  /** Name of the webhook configurations, mutating and validating. */
  readonly webhooks: string;
  /** Names that the certificate is for. */
  readonly names: readonly string[];
  readonly authorityLifeMs: number;
  readonly leafLifeMs: number;
  readonly times: RotationTimes;
}

export interface SharedAuthorityDeps {
  readonly client: ApiClient;
  readonly clock: Clock;
  readonly log: Log;
  readonly refreshMs?: number | undefined;
  /** From 0 to 1, for jitter. */
  readonly random?: (() => number) | undefined;
}

interface Leaf {
  readonly served: Served;
  readonly issuer: string;
  readonly notBefore: number;
}

export function sharedAuthority(
  options: SharedAuthorityOptions,
  { client, clock, log, refreshMs = REFRESH_MS, random = Math.random }: SharedAuthorityDeps,
): CertificateSource {
  const secret = createAuthoritySecret(client, options, clock);
  let leaf: Leaf | undefined;
  let bundle = '';
  let problem: string | undefined = 'no certificate yet';
  let lastFailure = '';

  async function refresh(signal: AbortSignal, use: (served: Served) => Promise<void>): Promise<void> {
    const found = await secret.readOrCreate(signal, () => make(clock.now()));
    bundle = bundleOf(found.state);
    const published = await publishBundle(client, options.webhooks, bundle, signal);
    const isTrusted =
      published.length > 0 && published.every((each) => contains(each, found.state.signer.cert));
    problem = isTrusted ? undefined : 'the webhooks do not trust the certificate yet';
    await renew(found.state, use);
    const step = nextStep(found.state, published, clock.now(), options.times);
    if (step !== 'none') {
      const made = step === 'add-next' ? await make(clock.now()) : undefined;
      const won = await secret.replace(found, afterStep(found.state, step, clock.now(), made), signal);
      log.info('rotation of the certificate authority', { step, done: won });
    }
  }

  async function make(now: number): Promise<Authority> {
    const { makeAuthority } = await import('./x509.lazy.ts');
    return makeAuthority(now, options.authorityLifeMs);
  }

  async function renew({ signer }: AuthorityState, use: (served: Served) => Promise<void>): Promise<void> {
    const now = clock.now();
    const isGood =
      leaf !== undefined &&
      leaf.issuer === signer.cert &&
      !isDue({ notBefore: leaf.notBefore, notAfter: leaf.served.expiresAt }, now);
    if (!isGood) {
      const { makeLeaf } = await import('./x509.lazy.ts');
      const lifeMs = options.leafLifeMs * (1 - random() / 10);
      const { cert, key } = await makeLeaf({ authority: signer, names: options.names, now, lifeMs });
      const served = servedOf(cert, key);
      await use(served);
      leaf = { served, issuer: signer.cert, notBefore: now };
    }
  }

  /** How long until the next one: later and later while it fails. */
  async function refreshOrTell(
    signal: AbortSignal,
    use: (served: Served) => Promise<void>,
    waitMs: number,
  ): Promise<number> {
    try {
      await refresh(signal, use);
      if (lastFailure !== '') {
        lastFailure = '';
        log.info('the certificate authority can be kept again');
      }
      return refreshMs;
    } catch (error) {
      signal.throwIfAborted();
      const failure = isPillionError(error) ? `${error.code} ${error.message}` : String(error);
      if (failure !== lastFailure) {
        lastFailure = failure;
        log.error('the certificate authority cannot be kept: what is served stays', error);
      }
      return Math.min(LONGEST_BACKOFF_MS, waitMs * 2);
    }
  }

  async function follow(signal: AbortSignal, use: (served: Served) => Promise<void>): Promise<void> {
    let waitMs = refreshMs;
    while (!signal.aborted) {
      await clock.sleep(waitMs * (0.75 + random() / 2), signal);
      waitMs = await refreshOrTell(signal, use, waitMs);
    }
  }

  return {
    async load(signal) {
      let first: Served | undefined;
      const use = async (served: Served): Promise<void> => {
        first = served;
      };
      let waitMs = Math.min(1_000, refreshMs);
      for (;;) {
        waitMs = await refreshOrTell(signal, use, waitMs);
        if (first !== undefined) {
          return first;
        }
        await clock.sleep(waitMs * (0.5 + random()), signal);
      }
    },
    follow,
    trustedBundle: () => bundle,
    problem: () => problem,
  };
}
