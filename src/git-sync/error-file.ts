/** `--error-file`: the last error, for those who watch the volume; removed after the next success. */
import { chmodSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { errorMessage } from '../core/errors.ts';
import type { ErrorRecord } from '../core/log/log.ts';

export interface ErrorFile {
  write(record: ErrorRecord): void;
  /** A plain message, for errors of the configuration. */
  writeText(text: string): void;
  remove(): void;
}

/**
 * Written synchronously, since errors are rare and the process may end right after. JSON with the keys Msg, Err and
 * Args, as git-sync writes it; a temporary file is renamed over, mode 0644.
 */
export function createErrorFile(path: string, onFailure: (why: string) => void): ErrorFile {
  if (path === '') {
    return { write() {}, writeText() {}, remove() {} };
  }
  const writeText = (text: string) => {
    const directory = dirname(path);
    const temporary = join(directory, `.${basename(path)}.pillion-${process.pid}.tmp`);
    try {
      mkdirSync(directory, { recursive: true });
      writeFileSync(temporary, text, { mode: 0o644 });
      chmodSync(temporary, 0o644);
      renameSync(temporary, path);
    } catch (error) {
      rmSync(temporary, { force: true });
      onFailure(errorMessage(error));
    }
  };
  return {
    writeText,
    write(record) {
      writeText(JSON.stringify({ Msg: record.message, Err: record.error ?? '', Args: record.fields }));
    },
    remove() {
      try {
        rmSync(path, { force: true });
      } catch (error) {
        onFailure(errorMessage(error));
      }
    },
  };
}
