/** Command line, environment and file to values; what is needed by every command is checked here. */
import { realpathSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename, resolve } from 'node:path';
import type { CommandContext } from '../core/command.ts';
import { errorMessage, usageError } from '../core/errors.ts';
import type { Options, Values } from '../core/options/option.ts';
import { type ResolveInput, resolveOptions } from '../core/options/resolve.ts';
import type { ReachValues } from './options/backup.ts';
import { localPathOf } from './repository.ts';
import { isOnVolume } from './volume/on-volume.ts';
import { requireAnswer } from './volume/watch.ts';

export interface ReadSettings<O extends Options> {
  readonly values: Values<O>;
  readonly positionals: readonly string[];
  readonly warnings: readonly string[];
}

/** @throws PillionError `usage` */
export async function readSettings<O extends Options>(
  context: CommandContext,
  options: O,
): Promise<ReadSettings<O>> {
  const { argv, env, secrets } = context;
  const input: ResolveInput = { argv, env, secrets };
  const first = resolveOptions(options, input);
  const { config } = first.values as Partial<ReachValues>;
  if (config === undefined || config === '') {
    return first;
  }
  const path = resolve(context.cwd, config);
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    throw usageError(`cannot read --config ${path}: ${errorMessage(error)}`, 'mount it there');
  });
  const { parseOptionsFile } = await import('../core/options/options-file.ts');
  return resolveOptions(options, { ...input, file: await parseOptionsFile(text, config) });
}

/** Where a link leads: restic would store the link itself. What is not there yet stays as it is. */
function withoutLink(volume: string): string {
  try {
    return realpathSync(volume);
  } catch {
    return volume;
  }
}

/** @throws PillionError `usage` for what is missing, and for words that are no flags; `volume_not_answering` */
export async function requireTarget(
  values: Pick<ReachValues, 'volume' | 'volumeTimeout' | 'name' | 'workDir' | 'repository'>,
  positionals: readonly string[],
): Promise<{ readonly volume: string; readonly name: string }> {
  if (positionals.length > 0) {
    throw usageError(`unexpected ${JSON.stringify(positionals[0])}`, 'everything here is a flag; see --help');
  }
  if (values.volume === '') {
    throw usageError('there is no volume', '--volume /DATA, where the volume is mounted; see --help');
  }
  const given = resolve(values.volume);
  const never = new AbortController().signal;
  await requireAnswer({ volume: given, volumeTimeoutMs: values.volumeTimeout }, never);
  const volume = withoutLink(given);
  const { workDir, repository } = values;
  if (workDir !== '' && isOnVolume(volume, workDir)) {
    throw usageError(`--work-dir ${workDir} is on the volume`, 'take another volume, or leave it to $TMPDIR');
  }
  const local = localPathOf(repository);
  if (local !== undefined && isOnVolume(volume, local)) {
    throw usageError(
      `--repository ${repository} is on the volume: it would be lost with it, and be stored in itself`,
      'take another volume, or a server',
    );
  }
  const name = values.name === '' ? basename(given) : values.name;
  if (!/^[A-Za-z0-9]/.test(name)) {
    throw usageError(`${volume} gives no name for the repository`, 'name it with --name');
  }
  return { volume, name };
}
