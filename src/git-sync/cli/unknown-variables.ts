/** Variables that look like ours and that nothing reads: most are slips, or v3's names with v4's prefix. Pure. */
import { nearest } from '../../core/options/lookup.ts';
import type { Options } from '../../core/options/option.ts';

/** Kubernetes tells every container where the services of its namespace are: for one named `gitsync`, with our prefix. */
const OF_A_SERVICE = /_SERVICE_(HOST|PORT(_\w+)?)$|_PORT(_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)?$/;
/** What hooks get, and so everything that is started by one. */
const OF_HOOKS: ReadonlySet<string> = new Set(['GITSYNC_HASH']);

const V4_PREFIX = 'GITSYNC_';
const V3_PREFIX = 'GIT_SYNC_';

/** A line for each variable with one of the prefixes that no option reads. Values are not shown. */
export function unknownVariables(
  env: Readonly<Record<string, string | undefined>>,
  options: Options,
  prefixes: readonly string[] = [V4_PREFIX, V3_PREFIX],
): string[] {
  const rows = Object.values(options);
  const known = new Set(rows.flatMap((row) => row.env ?? []));
  const names = Object.keys(env).filter(
    (name) =>
      env[name] !== undefined &&
      prefixes.some((prefix) => name.startsWith(prefix)) &&
      !known.has(name) &&
      !OF_HOOKS.has(name) &&
      !OF_A_SERVICE.test(name),
  );
  return names.toSorted().map((name) => {
    const meant = successorOf(name, options) ?? nearest(name, [...known]);
    return `env $${name} is not known and has no effect${meant === undefined ? '' : `: did you mean $${meant}?`}`;
  });
}

/** `GITSYNC_BRANCH`: v3's variable by v4's prefix. The option that replaced v3's is what is meant. */
function successorOf(name: string, options: Options): string | undefined {
  const rows = Object.values(options);
  const inV3 = name.replace(V4_PREFIX, V3_PREFIX);
  const former = rows.find((row) => row.deprecated !== undefined && row.env?.includes(inV3));
  const flag = /--([a-z-]+)/.exec(former?.deprecated ?? '')?.[1];
  return rows.find((row) => row.flag === flag)?.env?.[0];
}
