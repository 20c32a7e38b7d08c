/** What a failure of git says about the repository. */
import { errorMessage, isPillionError } from '../../../core/errors.ts';
import type { UnknownReason } from '../../model.ts';

const KINDS: Readonly<Record<string, UnknownReason['kind']>> = {
  remote_unreachable: 'unreachable',
  tls_failed: 'unreachable',
  web_page: 'unreachable',
  proxy_refused: 'unreachable',
  sync_timeout: 'unreachable',
  host_key_changed: 'denied',
  host_key_unknown: 'denied',
  ssh_key_refused: 'denied',
  auth_failed: 'denied',
  password_file_unreadable: 'denied',
  file_missing: 'denied',
  repository_not_found: 'absent',
  repository_corrupt: 'damaged',
  object_malformed: 'damaged',
  git_missing: 'tool',
  user_unknown: 'tool',
};

/** The words that git and ssh had last are the reason; the command that was run is not. */
export function reasonOf(error: unknown): UnknownReason {
  if (!isPillionError(error)) {
    return { kind: 'failed', message: errorMessage(error), hint: undefined };
  }
  return { kind: KINDS[error.code] ?? 'failed', message: shortMessage(error.message), hint: error.hint };
}

/** Exported for its test. */
export function shortMessage(message: string): string {
  const stderr = /stderr: ("(?:[^"\\]|\\.){0,10000}")/.exec(message)?.[1];
  if (stderr === undefined) {
    return message;
  }
  const lines = String(JSON.parse(stderr))
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !NOISE.test(line));
  return (lines.find((line) => /^(?:fatal|error|ERROR):/.test(line)) ?? lines[0] ?? message).slice(0, 500);
}

/** What ssh said before is the reason. */
const NOISE =
  /^(?:Cloning into|warning: |hint: |Please make sure|and the repository exists|fatal: Could not read from remote)/;
