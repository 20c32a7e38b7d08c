/** Every source of credentials; a new one is its file and a line here. Where two know the same user, the later counts. */
import { askpassSource } from './askpass.ts';
import { commandSource } from './command.ts';
import { githubAppSource } from './github-app.ts';
import { identitySource } from './identity.ts';
import { settingsSource } from './settings.ts';
import type { SourceInit } from './source.ts';

export const ALL_SOURCES = [
  settingsSource,
  askpassSource,
  githubAppSource,
  commandSource,
  identitySource,
] as const;

/** What all of them together are configured with. */
export type SourceSettings = (typeof ALL_SOURCES)[number] extends (init: SourceInit<infer S>) => unknown
  ? S
  : never;
