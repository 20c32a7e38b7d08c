import type { Clock } from '../../core/clock.ts';
import { fileIdentity } from '../../core/files/watch-file.ts';
import type { Answer, Source } from '../model.ts';
import { parseAnswerObject, type RawAnswer, secretText } from './answer.ts';
import { readSecretFile } from './secret-file.ts';
import { completeAnswer, type SourceContext } from './source.ts';

export interface FileSourceSpec {
  readonly path: string;
  /** `text`: the file is the password. `json`: the object that programs print, too. */
  readonly format: 'text' | 'json';
  readonly lifetimeMs: number | undefined;
  readonly user: string;
}

/** A check costs one stat, works on every file system, and sees what a rename or a link switch brings. */
const CHECK_EVERY_MS = 1000;

/** A file that somebody else keeps fresh: a mounted Secret, the sink of a Vault agent. */
export function fileSource(spec: FileSourceSpec, context: SourceContext, clock: Clock): Source {
  const source = `the file ${spec.path}`;
  const parse = (text: string): RawAnswer =>
    spec.format === 'json'
      ? parseAnswerObject(text, source)
      : { password: secretText(text, 'content', source) };
  let seen = '';
  return {
    async ask(): Promise<Answer> {
      const askedAt = context.now();
      seen = await fileIdentity(spec.path);
      const raw = parse(await readSecretFile(spec.path));
      const { user, lifetimeMs } = spec;
      return completeAnswer({ source, raw, user, askedAt, now: context.now(), lifetimeMs });
    },
    async watch(changed, signal): Promise<void> {
      while (!signal.aborted) {
        await clock.sleep(CHECK_EVERY_MS, signal).catch(() => undefined);
        const found = await fileIdentity(spec.path);
        if (!signal.aborted && found !== '' && found !== seen) {
          seen = found;
          changed();
        }
      }
    },
  };
}
