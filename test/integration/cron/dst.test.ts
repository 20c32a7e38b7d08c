import { writeFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { PILLION } from '../../support/pillion.ts';
import { useTempDir } from '../../support/use-temp-dir.ts';
import { startProgram, succeeds } from './support/program.ts';

const temp = useTempDir();
const hasFaketime = succeeds('faketime', '--version');
if (!hasFaketime) {
  console.warn('NOT TESTED: whole processes on nights when clocks change, which needs faketime');
}

/** What ran under a clock that shows `from` at the start, until the run that is asked for: `job HH:MM` in UTC. */
async function live(from: string, crontab: string, last: string): Promise<{ ran: string[]; bytes: number }> {
  const file = temp.join('crontab');
  await writeFile(file, crontab);
  const fake = ['faketime', '-m', '--exclude-monotonic', '-f', `@${from}`];
  const program = startProgram(temp.path, [...fake, PILLION, 'cron', '--tz=America/New_York', file], {
    ...process.env,
    TZ: 'UTC',
  });
  const started = () => program.log().filter(({ msg }) => msg === 'starting');
  const ran = () => started().map(({ job, ts }) => `${String(job)} ${String(ts).slice(11, 16)}`);
  await program.waitForLog(last, () => ran().includes(last), 60_000);
  return { ran: ran(), bytes: JSON.stringify(program.log()).length };
}

describe.runIf(hasFaketime)('a process that lives through a change of clocks in New York', () => {
  it('runs what the spring gap swallowed right after it, once, and is silent', async () => {
    const crontab = '30 2 * * * true\n0 * * * * date\n@every 15s id\n';
    // Twelve seconds before 02:00 EST, which is 03:00 EDT.
    const { ran, bytes } = await live('2025-03-09 06:59:48', crontab, 'id 07:00');
    expect(ran).toEqual(['true 07:00', 'date 07:00', 'id 07:00']);
    expect(bytes).toBeLessThan(10_000);
  });

  it('repeats in autumn what follows elapsed time, and nothing else', async () => {
    const crontab = '0 1 * * * true\n0 * * * * date\n@every 15s id\n';
    // Twelve seconds before the second 01:00.
    const { ran } = await live('2025-11-02 05:59:48', crontab, 'id 06:00');
    expect(ran).toEqual(['date 06:00', 'id 06:00']);
  });
});
