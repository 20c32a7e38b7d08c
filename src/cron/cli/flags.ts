import type { FlagSyntax, FlagUse } from '../../core/options/flag-syntax.ts';
import { parseGoFlags } from '../../core/options/goflag-syntax.ts';

/** Go's flags, one dash or two, before and after the positionals; `--` ends them. */
export const interspersedGoFlags: FlagSyntax = (argv, lookup) => {
  const uses: FlagUse[] = [];
  const positionals: string[] = [];
  let rest = argv;
  while (rest.length > 0) {
    const parsed = parseGoFlags(rest, lookup);
    if (parsed.error) {
      return parsed;
    }
    uses.push(...parsed.uses);
    const taken = rest.length - parsed.positionals.length;
    if (taken > 0 && rest[taken - 1] === '--') {
      return { uses, positionals: [...positionals, ...parsed.positionals] };
    }
    positionals.push(...parsed.positionals.slice(0, 1));
    rest = parsed.positionals.slice(1);
  }
  return { uses, positionals };
};

/**
 * The command line of the scheduler. RUNAT's command has flags of its own: ours end where it begins, as they do for
 * supercronic. Otherwise flags may also follow the file.
 */
export function schedulerFlags(runAtVariable: string | undefined, asSupercronic: boolean): FlagSyntax {
  return (argv, lookup) => {
    const leading = parseGoFlags(argv, lookup);
    const flag = leading.uses.findLast(({ key }) => key === 'runAt')?.value;
    const isRunAt = (flag ?? runAtVariable ?? '') !== '';
    return isRunAt || asSupercronic ? leading : interspersedGoFlags(argv, lookup);
  };
}
