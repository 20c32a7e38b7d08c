import { describe, expect, it } from 'vitest';
import { commandText } from '../../scheduler/runs/command.ts';
import { TEST_RULES } from '../testing/rules.ts';
import type { CrontabRules } from './cron-job.ts';
import { parseCrontab } from './crontab.ts';
import { DIALECTS } from './dialects.ts';
import { formatFinding } from './findings.ts';

function parse(text: string, rules: Partial<CrontabRules> = {}) {
  return parseCrontab(text, 'crontab', { ...TEST_RULES, ...rules });
}

function errorsOf(text: string, rules: Partial<CrontabRules> = {}): string[] {
  return parse(text, rules).errors.map(formatFinding);
}

function jobsOf(text: string, rules: Partial<CrontabRules> = {}) {
  const { jobs, errors } = parse(text, rules);
  expect(errors).toEqual([]);
  return jobs;
}

describe('a crontab', () => {
  it('of Debian is read as it is, with an empty MAILTO and comments', () => {
    const text = [
      '# /etc/crontab: system-wide crontab',
      'SHELL=/bin/bash',
      'MAILTO=',
      'PATH = "/usr/bin:/bin"',
      '',
      '17 *\t* * *\t/usr/bin/run-parts /etc/cron.hourly',
      '\t@daily  echo "a  b"  ',
    ].join('\n');
    const [hourly, daily] = jobsOf(text);
    expect(hourly).toMatchObject({
      name: 'run-parts',
      line: 6,
      env: { SHELL: '/bin/bash', MAILTO: '', PATH: '/usr/bin:/bin' },
      command: { shell: '/bin/bash', line: '/usr/bin/run-parts /etc/cron.hourly' },
    });
    expect(daily).toMatchObject({ name: 'echo', line: 7, column: 2, scheduleText: '@daily' });
    expect(daily?.command).toMatchObject({ line: 'echo "a  b"  ' });
  });

  it.each([
    ['a byte order mark', '\uFEFF* * * * * true\n'],
    ['CRLF line ends', '# x\r\n* * * * * true\r\n'],
    ['no line end at the end', '* * * * * true'],
    ['an empty value and blank lines', 'A=\n\n \t\n* * * * * true\n'],
  ])('may have %s', (_, text) => {
    expect(commandText(jobsOf(text)[0]?.command ?? { kind: 'program', argv: [] })).toBe('true');
  });

  it('may have a line of a mebibyte', () => {
    const long = 'x'.repeat(1024 * 1024);
    const [job] = jobsOf(`* * * * * echo ${long}\n`);
    expect(commandText(job?.command ?? { kind: 'program', argv: [] })).toHaveLength(long.length + 5);
    expect(job?.name).toBe('echo');
  });

  it('has its fields counted by what reads as one', () => {
    const years = jobsOf('* * * * * 2030 cmd\n0 0 * * * 2to3 f\n*/5 * * * * * * cmd\n0 0 * * * 2030\n').map(
      ({ schedule, command }) => [
        schedule.kind === 'calendar' ? schedule.years : 'none',
        commandText(command),
      ],
    );
    expect(years).toEqual([
      [[2030], 'cmd'],
      [undefined, '2to3 f'],
      [undefined, 'cmd'],
      [undefined, '2030'],
    ]);
  });

  it.each([
    ['USER=app', 'crontab:1:1: USER is passed to the jobs, but they run as the user of this process'],
    ['MAILTO=me@x', 'crontab:1:1: no mail is sent; use on-failure=URL in a "# pillion:" comment'],
    ['TZ=UTC', 'crontab:1:1: TZ is passed to the jobs; CRON_TZ is what moves the schedule'],
    [
      '0 1 * * * root x',
      'crontab:1:11: the command begins with "root", as in the user column of /etc/crontab (--system reads that column)',
    ],
    [
      '0 5 2 * * 1 x',
      'crontab:1:11: the command begins with what could be a field (six fields that begin with a second: --fields=second)',
    ],
    [
      '0 0 12 ? * MON-FRI cmd',
      'crontab:1:12: the command begins with what could be a field (six fields of Quartz begin with a second: --fields=second)',
    ],
    [
      '0 0 12 ? * FRI cmd',
      'crontab:1:12: the command begins with what could be a field (six fields of Quartz begin with a second: --fields=second)',
    ],
    [
      '0 0 12 * * ? cmd',
      'crontab:1:1: six fields are read as minute to weekday and a year (six fields of Quartz begin with a second: --fields=second)',
    ],
    [
      '  */60 * * * * x',
      'crontab:1:5: step 60 of the minute is wider than the field: only its first value counts (write 0)',
    ],
    [
      '0 */24 * * * x',
      'crontab:1:5: step 24 of the hour is wider than the field: only its first value counts (write 0)',
    ],
    [
      '@daily \u00a0x',
      'crontab:1:8: the command begins with a no-break space (U+00A0) (replace it by a blank)',
    ],
  ])('with "%s" is taken with a warning', (text, expected) => {
    expect(parse(`${text}\n`).errors).toEqual([]);
    expect(parse(`${text}\n`).warnings.map(formatFinding)).toEqual([expected]);
  });

  it.each([
    'MAILTO=',
    'RANDOM_DELAY=0',
    '0 0 * * * 2to3 file',
    '* * * * * 5 ',
    '0 0 * * * ./5 x',
    '0 0 * * * sun file',
    '* * * * * sh /x.sh',
    '* * * * * cp /a /b',
    '* * * * * backup --all',
    '* * * * * date -u',
    '0 0 12 * * cmd',
  ])('with "%s" is taken without a word', (text) => {
    expect(parse(`${text}\n`)).toMatchObject({ errors: [], warnings: [], notes: [] });
  });

  it.each([
    ['ubuntu', '*/5 * * * * ubuntu /home/ubuntu/x.sh', 13],
    ['app', '*/5 * * * * app cd /app && make', 13],
    ['debian-mirror', '@daily debian-mirror ./ftpsync', 8],
    ['www-data', '@daily www-data [ -x /x ] && /x', 8],
  ])('gets a note about a command that may begin with the user %s', (user, line, column) => {
    expect(parse(`${line}\n`).warnings).toEqual([]);
    expect(parse(`${line}\n`).notes.map(formatFinding)).toEqual([
      `crontab:1:${column}: "${user}" is part of the command (if it is a user column, as in /etc/cron.d: --system reads it)`,
    ]);
  });

  it.each([
    [
      '* * * * * date "+\\%Y"',
      {},
      'crontab:1:11: the backslash of \\% is passed to the shell, which keeps it within quotes (write %, or read it as Vixie cron does: --vixie-percent)',
    ],
    [
      '* * * * * date +%Y',
      {},
      'crontab:1:11: % is passed to the shell as it is (Vixie cron: --vixie-percent)',
    ],
    [' 0 5 2 * * 2030 cmd', {}, undefined],
    [' 0 5 2 * * 1970-2099 cmd', {}, undefined],
    [
      'RANDOM_DELAY=5',
      {},
      'crontab:1:1: RANDOM_DELAY puts starts off by up to so many minutes, as in cronie (the delay is the same at every start of a pod; for one job: jitter=)',
    ],
    [
      'RANDOM_DELAY=5',
      { randomDelay: 'variable' },
      'crontab:1:1: RANDOM_DELAY is a variable like any other here, as in supercronic (to put starts off: jitter= in a "# pillion:" comment)',
    ],
    [
      '0 0 12 ? * 2-6 * cmd',
      {},
      'crontab:1:1: weekdays count from 0, Sunday (Quartz, whose crontabs have ?, counts from 1)',
    ],
  ] as const)('with "%s" and %j has a note', (line, rules, expected) => {
    const { errors, notes } = parse(`${line}\n`, rules);
    expect(errors).toEqual([]);
    expect(notes.map(formatFinding)).toEqual(expected === undefined ? [] : [expected]);
  });

  it('explains how six ambiguous fields are read, whichever way was asked for', () => {
    const notesOf = (sixth: CrontabRules['sixth']) =>
      parse('0 5 2 * * * cmd\n', { sixth }).notes.map(formatFinding);
    expect(notesOf('year')).toEqual([
      'crontab:1:1: six fields are read as minute to weekday and a year (croner and most libraries read a second in front: --fields=second)',
    ]);
    expect(notesOf('second')).toEqual([
      'crontab:1:1: six fields are read as a second and minute to weekday (supercronic reads a year behind them: --fields=year)',
    ]);
  });

  it('has RANDOM_DELAY put starts off in minutes, and as a variable only where supercronic would', () => {
    const text = 'RANDOM_DELAY=5\n@daily x\n';
    expect(jobsOf(text)[0]).toMatchObject({ env: { RANDOM_DELAY: '5' }, options: { jitterMs: 300_000 } });
    const foreign = jobsOf(text, DIALECTS.supercronic);
    expect(foreign[0]).toMatchObject({ env: { RANDOM_DELAY: '5' }, options: { jitterMs: 0 } });
  });

  it('applies an environment line to the lines below it, and says so when other crons would not', () => {
    const { jobs, warnings } = parse('A=1\n* * * * * one\nA=2\nCRON_TZ=Europe/Berlin\n* * * * * two\n');
    expect(jobs.map(({ env, zone }) => [env['A'], zone])).toEqual([
      ['1', undefined],
      ['2', 'Europe/Berlin'],
    ]);
    expect(warnings.map(formatFinding)).toEqual([
      'crontab:3:1: A holds for the lines below it only (supercronic applies it to the whole file: --env-scope=file)',
      'crontab:4:1: CRON_TZ holds for the lines below it only (supercronic applies it to the whole file: --env-scope=file)',
    ]);
  });

  it('applies the last environment line to every job when it is read as supercronic does', () => {
    const jobs = jobsOf('A=1\n* * * * * one\nA=2\nSHELL=/bin/bash\n* * * * * two\n', { envScope: 'file' });
    expect(jobs.map(({ env }) => env['A'])).toEqual(['2', '2']);
    expect(jobs[0]?.command).toMatchObject({ shell: '/bin/bash' });
  });

  it('passes % to the shell, or makes it stdin when it is read as Vixie cron does', () => {
    const text = '* * * * * cat%one\\%%two\n';
    expect(jobsOf(text)[0]?.command).toMatchObject({ line: 'cat%one\\%%two' });
    expect(jobsOf(text, { percent: true })[0]?.command).toMatchObject({ line: 'cat', stdin: 'one%\ntwo\n' });
  });

  it('gives up its user column when it is a system crontab and the user is ours', () => {
    const rules = { system: true };
    const line = '0 1 * * * app backup --full\n@daily 1000 other\n';
    expect(jobsOf(line, rules).map((job) => commandText(job.command))).toEqual(['backup --full', 'other']);
    expect(errorsOf('  0 1 * * * root backup\n', rules)).toEqual([
      'crontab:1:13: the job is for user "root", this runs as app/1000 (run a container as that user, or take the line out)',
    ]);
  });

  it.each(['# pilion: timeout=5s', '#pillion timeout=5s', '# Pillion : name=x'])(
    'warns of %s, which would be a comment without a word',
    (comment) => {
      const { warnings, errors } = parse(`${comment}\n* * * * * x\n# see million: a=b\n# a note: b=c`);
      expect(errors).toEqual([]);
      expect(warnings.map(({ line, message }) => [line, message])).toEqual([
        [1, 'this is a comment, and sets no options'],
      ]);
    },
  );

  it('gives one job a zone of its own, in a comment or in front of its schedule', () => {
    const text = [
      'CRON_TZ=Europe/Berlin',
      '# pillion: tz=Asia/Tokyo',
      '@daily one',
      'CRON_TZ=America/New_York 0 5 * * * two',
      '@daily three',
    ].join('\n');
    for (const envScope of ['following', 'file'] as const) {
      const jobs = jobsOf(text, { envScope });
      expect(jobs.map(({ zone }) => zone)).toEqual(['Asia/Tokyo', 'America/New_York', 'Europe/Berlin']);
      expect(jobs[1]).toMatchObject({ scheduleText: '0 5 * * *', command: { line: 'two' }, column: 26 });
    }
  });

  it('has options for a job in the comments above it', () => {
    const text = [
      '# pillion: name=nightly timeout=10m overlap=queue',
      '# pillion: retries=3 exit-codes=3:success,75-78:final max-output=64Ki env-file=/run/secrets/db',
      '0 3 * * * sh backup.sh',
      '0 4 * * * sh backup.sh',
    ].join('\n');
    const [nightly, plain] = jobsOf(text);
    expect(nightly).toMatchObject({
      name: 'nightly',
      options: {
        timeoutMs: 600_000,
        overlap: 'queue',
        retries: 3,
        maxOutputBytes: 65_536,
        envFile: '/run/secrets/db',
        exitCodes: [
          { from: 3, to: 3, meaning: 'success' },
          { from: 75, to: 78, meaning: 'final' },
        ],
      },
    });
    expect(plain).toMatchObject({ name: 'backup.sh', options: { timeoutMs: undefined, overlap: 'forbid' } });
  });

  it('names jobs by their program or script, each differently, never by their arguments', () => {
    const text = [
      '* * * * * curl -u me:secret https://x',
      '* * * * * TOKEN=secret /usr/bin/curl y',
      '* * * * * bash /pgbouncer-update.sh >> /app/cron.log 2>&1',
      '* * * * * exec nice python3 -m http.server',
    ].join('\n');
    expect(jobsOf(text).map(({ name }) => name)).toEqual([
      'curl',
      'curl-2',
      'pgbouncer-update.sh',
      'python3',
    ]);
  });

  it.each([
    ['* * * * 8 cmd', 'crontab:1:9: day of week 8 is not in 0-7 (0 and 7 are Sunday)'],
    ['  60 * * * * cmd', 'crontab:1:3: minute 60 is not in 0-59 (the first minute is 0)'],
    [
      '0 0 20-10/2 * * cmd',
      'crontab:1:5: day of month range "20-10" ends before it begins (write 20-31,1-10)',
    ],
    ['@dayly cmd', 'crontab:1:1: unknown macro "@dayly" (did you mean @daily?)'],
    ['@daily', 'crontab:1:7: there is no command (put one behind the schedule)'],
    ['* * * * *', 'crontab:1:10: there is no command (put one behind the schedule)'],
    ['RANDOM_DELAY=soon', 'crontab:1:1: RANDOM_DELAY "soon" is not a number (minutes, from 0 to 9999)'],
    [
      'CRON_TZ=Mars/Olympus @daily x',
      'crontab:1:1: tz: unknown time zone "Mars/Olympus" (a name such as Europe/Berlin)',
    ],
    ['CRON_TZ=UTC 61 * * * * x', 'crontab:1:13: minute 61 is not in 0-59 (the first is 0, the last 59)'],
    [
      'CRON_TZ=Europe/Berlim',
      'crontab:1:1: unknown time zone "Europe/Berlim" (a name such as Europe/Berlin)',
    ],
    ['CRON_TZ=europe/berlin', 'crontab:1:1: unknown time zone "europe/berlin" (did you mean Europe/Berlin?)'],
    [
      '# pillion: timeot=5m\n* * * * * x',
      'crontab:1:12: unknown job option "timeot" (did you mean timeout?)',
    ],
    [
      '# pillion: timeout=5\n* * * * * x',
      'crontab:1:12: timeout: 5 needs a unit, for example 5s (such as 90s, 10m or 1h30m)',
    ],
    ['# pillion: timeout\n* * * * * x', 'crontab:1:12: this is not key=value (for example timeout=10m)'],
    [
      '"0 5 * * *" x',
      'crontab:1:1: the schedule is in quotes (a crontab has none around its schedule: leave them out)',
    ],
    [
      "  '@daily' x",
      'crontab:1:3: the schedule is in quotes (a crontab has none around its schedule: leave them out)',
    ],
    ['export A=1', 'crontab:1:1: a crontab has no export (NAME=value alone is passed to the jobs)'],
    ['set A=1', 'crontab:1:1: a crontab has no set (NAME=value alone is passed to the jobs)'],
    [
      '\u201c*/5 * * * *\u201d x',
      'crontab:1:1: the schedule is in quotes (a crontab has none around its schedule: leave them out)',
    ],
    ['0 9\u201317 * * * x', 'crontab:1:4: an en dash (U+2013) is no - (write -)'],
    ['\u2217/5 * * * * x', 'crontab:1:1: an asterisk operator (U+2217) is no * (write *)'],
    [
      '* * * * *echo hi',
      'crontab:1:9: "*echo" is not a day of week (put a blank behind *, where the command begins)',
    ],
    [
      '*/5 * * * /usr/bin/backup now',
      'crontab:1:12: "/usr/bin/backup" stands in the place of the day of week (if it is the command, a field is missing in front of it: minute hour day month weekday)',
    ],
    [
      '*/5 * * * echo hi',
      'crontab:1:11: "echo" stands in the place of the day of week (if it is the command, a field is missing in front of it: minute hour day month weekday)',
    ],
    ['0 0 * * fry echo hi', 'crontab:1:9: "fry" is not a day of week (did you mean fri?)'],
    ['0 5 * * *\u00a0x', 'crontab:1:10: a no-break space (U+00A0) is no blank (replace it by a blank)'],
    ['0\u30005 * * * x', 'crontab:1:2: an unusual space (U+3000) is no blank (replace it by a blank)'],
    ['@daily\u200bx', 'crontab:1:7: a zero-width space (U+200B) is no blank (replace it by a blank)'],
    ['61 * * * * echo a\u00a0b', 'crontab:1:1: minute 61 is not in 0-59 (the first is 0, the last 59)'],
    [
      '\u001b[2J\u0007 * * * * x',
      'crontab:1:1: "\\u001b[2J\\u0007" is not a minute (a number from 0 to 59, a range a-b, a list a,b, a step */n)',
    ],
    ['# pillion: timeout=5s', 'crontab:1:1: no job follows these options (put them above the job)'],
  ])('with "%s" is refused with position and advice', (text, expected) => {
    expect(errorsOf(text)).toEqual([expected]);
  });

  it('reports all its errors at once', () => {
    expect(errorsOf('61 * * * * a\n* * * * * b\n* 25 * * * c\n')).toHaveLength(2);
  });

  it('with the same given name twice is refused', () => {
    const text = '# pillion: name=a\n* * * * * x\n# pillion: name=a\n* * * * * y\n';
    expect(errorsOf(text)).toEqual([
      'crontab:4:1: the name "a" is taken by line 2 (names are labels: give each job its own)',
    ]);
  });
});
