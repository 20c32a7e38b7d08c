/** Every source of credentials; a new one is its file and a line here. Where two know the same user, the later counts. */
import { askpassSource } from './askpass.ts';
import { githubAppSource } from './github-app.ts';
import { settingsSource } from './settings.ts';
import type { CredentialSource, MakeSource, SourceInit } from './source.ts';

const SOURCES: readonly MakeSource[] = [settingsSource, askpassSource, githubAppSource];

/** The sources that the settings ask for; without any, git needs no credentials from us. */
export function credentialSources(init: SourceInit): CredentialSource[] {
  return SOURCES.flatMap((make) => make(init) ?? []);
}
