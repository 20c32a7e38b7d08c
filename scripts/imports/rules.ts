/** What may import what in src/: docs/architecture.md as a function. */
import { dirname, join } from 'node:path/posix';

/** Folders that may know more than `core`. A new folder needs no row: it may import `core` and itself. */
const ALSO_KNOWS: Readonly<Record<string, readonly string[]>> = {
  backup: ['git', 'scheduler'],
  credentials: ['scheduler'],
  cron: ['scheduler'],
  'git-sync': ['git'],
  injection: ['kubernetes'],
};

const STATEMENT = /^\s*(?:import|export)\b[^'"`;]*?\bfrom\s*'([^']+)'/gm;
const BARE = /^\s*import\s*'([^']+)'/gm;
const DYNAMIC = /\bimport\(\s*'([^']+)'\s*\)/g;

/** What a TypeScript file imports, as it is written there: static, re-exported, for types only, dynamic. */
export function importsOf(text: string): string[] {
  return [STATEMENT, BARE, DYNAMIC].flatMap((pattern) =>
    [...text.matchAll(pattern)].map((match) => match[1] ?? ''),
  );
}

/** `git-sync` for src/git-sync/loop.ts, `cli.ts` for src/cli.ts, undefined outside src/. */
function room(path: string): string | undefined {
  const [top, name] = path.split('/');
  return top === 'src' ? name : undefined;
}

/** The command of a folder, or of a folder in it. */
const COMMAND = /^src\/[a-z-]+(?:\/[a-z-]+)?\/command\.ts$/;

const isForTests = (path: string) => /\.test\.ts$|\/(testing|fixtures)\//.test(path);

function mayKnow(importer: string, imported: string, path: string): boolean {
  if (importer === 'cli.ts') {
    return imported === 'core' || imported === 'commands.ts';
  }
  if (importer === 'commands.ts') {
    return imported === 'core' || COMMAND.test(path);
  }
  const known = importer === 'core' ? ['core'] : ['core', importer, ...(ALSO_KNOWS[importer] ?? [])];
  return known.includes(imported);
}

/**
 * Why `path` must not import `specifier`, or undefined when it may.
 * @param packages what is installed with the program: its dependencies, not those for development
 */
export function objection(
  path: string,
  specifier: string,
  packages: ReadonlySet<string>,
): string | undefined {
  const importer = room(path);
  if (importer === undefined) {
    return undefined;
  }
  if (specifier.startsWith('node:')) {
    return specifier.startsWith('node:timers') && !isForTests(path)
      ? 'use core/timer.ts, whose timers take any length'
      : undefined;
  }
  if (!specifier.startsWith('.')) {
    const name = specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/');
    return packages.has(name) || isForTests(path) ? undefined : `${name} is no dependency of the program`;
  }
  const target = join(dirname(path), specifier);
  const imported = room(target);
  if (!isForTests(path) && (imported === undefined || isForTests(target))) {
    return 'the program must not need what is only there for tests';
  }
  if (imported === undefined || mayKnow(importer, imported, target)) {
    return undefined;
  }
  return importer === 'core' ? 'core knows no feature' : `${importer} must not know ${imported}`;
}
