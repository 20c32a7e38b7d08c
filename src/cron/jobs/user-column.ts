/** Whether a command begins with what is a user column in another crontab. */

/** What is known of the machine that the jobs run on. */
export interface Surroundings {
  isUser(name: string): boolean;
  /** @param path the PATH of the job, undefined: that of the process */
  isProgram(name: string, path: string | undefined): boolean;
}

const UNKNOWN: Surroundings = { isUser: () => false, isProgram: () => false };

const USER_NAME = /^[a-z_][a-z0-9_-]{0,31}$/;
/** What a command begins with, so that a name in front of it is not the command. */
const BEGINS_COMMAND = /^(?:[/~]|\.\.?\/|\[{1,2}$|[A-Za-z_]\w*=)/;
const SCRIPT = /^[\w+.-]+\.(?:bash|js|php|pl|py|rb|sh)$/;
const COMMAND_WORDS = words(
  'bash cd command curl docker env exec find flock git if ionice make nice node perl php python python3 rsync ruby ' +
    'run-parts sh sleep sudo test timeout wget',
);
/** Programs that are often followed by a path or another program. */
const PROGRAMS = words(
  'awk bash cat cd chmod chown command cp curl dash date docker echo env exec find flock gzip ionice java ksh ln ls ' +
    'make mkdir mv nice node nohup perl php printf python python3 rm rsync ruby run-parts sed sh sleep source sudo ' +
    'tail tar test time timeout touch true wget zsh',
);
/** Words of the shell itself, which are nowhere on the PATH. */
const SHELL_WORDS = words(
  'case eval export for if local read set shift trap type ulimit umask unset until wait while',
);

function words(text: string): ReadonlySet<string> {
  return new Set(text.split(' '));
}

/**
 * A first word that reads as the user column of a system crontab. A program of that name is a program, unless it is a
 * user as well and what follows can only be a command.
 */
export function likelyUser(
  command: string,
  path: string | undefined,
  surroundings: Surroundings = UNKNOWN,
): string | undefined {
  const [first = '', second = ''] = command.split(/[ \t]+/, 2);
  if (first === 'root' && second !== '') {
    return first;
  }
  if (!USER_NAME.test(first) || PROGRAMS.has(first) || SHELL_WORDS.has(first)) {
    return undefined;
  }
  if (second === '' || second.startsWith('-')) {
    return undefined; // it is all there is, or has options
  }
  const isUser = surroundings.isUser(first);
  const isProgram = surroundings.isProgram(first, path);
  const isBeforeCommand = BEGINS_COMMAND.test(second) || COMMAND_WORDS.has(second);
  const isLikely = isBeforeCommand
    ? isUser || !isProgram
    : !isProgram && (isUser || SCRIPT.test(second) || surroundings.isProgram(second, path));
  return isLikely ? first : undefined;
}
