import { expect, it } from 'vitest';
import { isProvedByManifest } from './store.ts';

const manifest = '/tmp/scratch/pillion-manifest';

it.each([
  ['nothing was sent', { data_added: 0, files_unmodified: 10 }],
  ['only the manifest is another', { data_added: 900, files_changed: 1, dirs_changed: 3 }],
])('the manifest proves it all when %s', (_, summary) => {
  expect(isProvedByManifest(summary, manifest)).toBe(true);
});

it.each([
  ['a file was sent', { data_added: 900, files_changed: 1, files_new: 1, dirs_changed: 3 }],
  ['a directory of the volume is another', { data_added: 900, files_changed: 1, dirs_changed: 4 }],
  ['all is new', { data_added: 900, files_new: 2, dirs_new: 4 }],
])('it does not when %s', (_, summary) => {
  expect(isProvedByManifest(summary, manifest)).toBe(false);
});
