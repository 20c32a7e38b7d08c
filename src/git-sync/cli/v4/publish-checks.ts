/** What is demanded of the options that say how a commit is published. */
import { subdirectoryProblem } from '../../options/publish.ts';
import { FOREIGN_FILE_MODES, oneOf, PUBLISH_MODES } from '../../options/words.ts';
import { type Check, complaintsBeginning, quotedList, when } from '../checks.ts';
import type { V4Values } from './options.ts';

const { flagComplaint } = complaintsBeginning('invalid flag');

const MOST_REVISIONS = 1000;

const words = (list: readonly [string, ...string[]], text: string) =>
  oneOf(list, text) === undefined ? `must be one of ${quotedList(list)}` : undefined;

export const publishChecks: readonly Check<V4Values>[] = [
  ({ publish }) => flagComplaint('publish', words(PUBLISH_MODES, publish)),
  ({ publishForeignFiles }) =>
    flagComplaint('publish-foreign-files', words(FOREIGN_FILE_MODES, publishForeignFiles)),
  ({ keepRevisions }) =>
    flagComplaint(
      'keep-revisions',
      when(keepRevisions < 0 || keepRevisions > MOST_REVISIONS, `must be from 0 to ${MOST_REVISIONS}`),
    ),
  ({ publishSubdirectory }) =>
    flagComplaint('publish-subdirectory', subdirectoryProblem(publishSubdirectory)),
];
