import { rename, symlink, writeFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { useTempDir } from '../../../test/support/use-temp-dir.ts';
import { createSecrets } from '../log/secrets.ts';
import { createRecordedLog } from '../testing/recorded-log.ts';
import { openSecretFile, parseSecrets } from './secret-file.ts';

const OLD = 'the-old-secret-of-the-forge';
const NEW = 'the-new-secret-of-the-forge';
const dir = useTempDir();

async function open(text: string) {
  const path = dir.join('secrets');
  await writeFile(path, text);
  const secrets = createSecrets();
  const { log, lines } = createRecordedLog();
  return { path, secrets, lines, file: await openSecretFile({ path, log, secrets }) };
}

describe('a file of secrets', () => {
  it('has one on each line, without white space around it', () => {
    expect(parseSecrets(`${NEW}\r\n\n  ${OLD}\n`)).toEqual([NEW, OLD]);
  });

  it.each([
    ['', 'the file is empty'],
    [' \n\n', 'the file is empty'],
    [`${OLD}\nshort`, 'line 2 has fewer than 16 characters'],
    [Array.from({ length: 9 }, (_, index) => `${OLD}${index}`).join('\n'), 'there are 9 of them'],
  ])('%j is refused: %s', (text, why) => {
    expect(parseSecrets(text)).toEqual({ why });
  });

  it('that is missing, empty or too short is refused at the start, with what to do', async () => {
    const code = { code: 'secret_file_unusable', hint: expect.stringContaining('openssl rand') };
    await expect(open('')).rejects.toMatchObject(code);
    await expect(open('short')).rejects.toMatchObject(code);
    const init = { path: dir.join('none'), log: createRecordedLog().log, secrets: createSecrets() };
    await expect(openSecretFile(init)).rejects.toMatchObject(code);
  });

  it('is read again when another takes its place, as in a mounted Secret', async () => {
    const { path, file } = await open(OLD);
    expect(await file.current()).toEqual([OLD]);
    await writeFile(dir.join('next'), `${NEW}\n${OLD}\n`);
    await symlink(dir.join('next'), dir.join('link'));
    await rename(dir.join('link'), path);
    expect(await file.current()).toEqual([NEW, OLD]);
    await writeFile(dir.join('next'), `${NEW} \n`);
    expect(await file.current()).toEqual([NEW]);
  });

  it('that becomes useless is told once, and what was valid stays so', async () => {
    const { path, file, lines } = await open(OLD);
    await writeFile(path, 'short');
    expect(await file.current()).toEqual([OLD]);
    expect(await file.current()).toEqual([OLD]);
    expect(lines.filter((line) => line.includes('line 1 has fewer'))).toHaveLength(1);
  });

  it('is known to the log, which prints none of it', async () => {
    const { secrets } = await open(`${NEW}\n${OLD}`);
    expect(secrets.redact(`x ${NEW} y ${OLD}`)).not.toMatch(/secret-of-the-forge/);
  });
});
