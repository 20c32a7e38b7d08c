/** Addresses of pings and webhooks are bearer secrets: anyone who knows one can report that all is well. */
import type { CommandContext } from '../../core/command.ts';
import { addFound } from '../../core/options/redactor.ts';
import { CAPABILITY_URL } from '../../core/options/secrecy.ts';
import { urlSecrets } from '../../core/options/url-secrets.ts';
import type { CronJob } from './cron-job.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** Of a path or a query what reads as a token: ordinary words of an address stand in every log. */
const isToken = (text: string): boolean => text.length >= 16 || (text.length >= 8 && /\d/.test(text));
/** The path, of several segments, is found nowhere by chance. */
const isPath = (text: string): boolean => text.indexOf('/', 1) > 0;

/** A message that quotes a part of a file that could not be read, where an address may be, without all but its origin. */
export const withoutAddresses = (message: string): string =>
  message.replaceAll(/\bhttps?:\/\/[^\s"'}\]]+/gi, (url) => CAPABILITY_URL.show(url));

/** The address itself, or what `$NAME` holds in the environment of a job; undefined when that is no URL. */
export function pingAddress(
  configured: string,
  ofJob: Environment,
  ofProcess: Environment,
): string | undefined {
  const name = configured.startsWith('$') ? configured.slice(1) : undefined;
  const url = name === undefined ? configured : (ofJob[name] ?? ofProcess[name] ?? '');
  return URL.canParse(url) ? url : undefined;
}

/**
 * Declares the addresses of all jobs, before any of them runs: a job may print its own. Names of jobs stay readable, as
 * the path of a ping often ends in one.
 */
export function declarePingAddresses(
  jobs: readonly CronJob[],
  { env, secrets }: Pick<CommandContext, 'env' | 'secrets'>,
): void {
  const names = new Set(jobs.map(({ name }) => name));
  for (const job of jobs) {
    const { ping, onSuccess, onFailure } = job.options;
    for (const configured of [ping, onSuccess, onFailure]) {
      const url = configured === undefined ? undefined : pingAddress(configured, job.env, env);
      if (url !== undefined) {
        secrets.add(url);
        addFound(secrets, urlSecrets(url));
        for (const { value } of CAPABILITY_URL.find(url)) {
          if ((isToken(value) || isPath(value)) && !names.has(value)) {
            secrets.add(value);
          }
        }
      }
    }
  }
}
