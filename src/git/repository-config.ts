import type { ObjectFormat } from './object-name.ts';
import type { GitConfigPair } from './settings.ts';

/**
 * What git asks of the configuration of any repository of ours, private or for readers (gitrepository-layout(5)).
 * @param filter of a partial clone; empty for none
 */
export function formatConfig(format: ObjectFormat, filter: string): readonly GitConfigPair[] {
  const isExtended = format === 'sha256' || filter !== '';
  return [
    { key: 'core.repositoryformatversion', value: isExtended ? '1' : '0' },
    { key: 'core.filemode', value: 'true' },
    { key: 'core.bare', value: 'false' },
    ...(format === 'sha256' ? [{ key: 'extensions.objectformat', value: 'sha256' }] : []),
  ];
}
