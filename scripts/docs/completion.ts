/** Shell completion, derived from the option tables. */
import type { Options } from '../../src/core/options/option.ts';

export interface CompletedCommand {
  readonly name: string;
  readonly summary: string;
  readonly options: Options;
}

interface Flag {
  readonly flag: string;
  readonly help: string;
  readonly boolean: boolean;
  /** Words the value can be, when there are only some. */
  readonly choices: readonly string[];
}

function flagsOf(options: Options): Flag[] {
  return Object.values(options)
    .filter((declared) => !declared.hidden && declared.deprecated === undefined && !declared.envOnly)
    .map((declared) => {
      const choices = declared.type.name.includes('|') ? declared.type.name.split('|') : [];
      return { flag: declared.flag, help: declared.help, boolean: declared.type.boolean ?? false, choices };
    });
}

const isFile = (flag: string) => /(file|root|link|dir|state)$/.test(flag);

/** A completion script for bash; source it, or put it into the completions directory. */
export function bashCompletion(commands: readonly CompletedCommand[]): string {
  const cases = commands.map(({ name, options }) => {
    const flags = flagsOf(options);
    const values = flags
      .filter((flag) => flag.choices.length > 0)
      .map(
        (flag) =>
          `      --${flag.flag}) COMPREPLY=($(compgen -W '${flag.choices.join(' ')}' -- "$cur")); return ;;`,
      );
    const words = flags.map((flag) => `--${flag.flag}`).join(' ');
    return [
      `    ${name})`,
      '      case "$prev" in',
      ...values.map((line) => `  ${line}`),
      '      esac',
      // Without a dash it is a file, which bash completes by itself when we offer nothing.
      `      if [[ "$cur" == -* ]]; then COMPREPLY=($(compgen -W '${words}' -- "$cur")); fi ;;`,
    ].join('\n');
  });
  const names = commands.map(({ name }) => name).join(' ');
  return [
    '# bash completion for pillion; generated, do not edit',
    '_pillion() {',
    '  local cur="${COMP_WORDS[COMP_CWORD]}" prev="${COMP_WORDS[COMP_CWORD-1]}"',
    // bash takes the = of --flag=value for a word of its own.
    `  if [ "$cur" = = ]; then cur=''; elif [ "$prev" = = ]; then prev="\${COMP_WORDS[COMP_CWORD-2]}"; fi`,
    '  COMPREPLY=()',
    '  if [ "$COMP_CWORD" = 1 ]; then',
    `    COMPREPLY=($(compgen -W '${names} --help --version' -- "$cur"))`,
    '    return',
    '  fi',
    '  case "${COMP_WORDS[1]}" in',
    ...cases,
    '  esac',
    '}',
    'complete -o default -F _pillion pillion',
    '',
  ].join('\n');
}

const zshText = (text: string) => text.replaceAll("'", "'\\''").replaceAll(/[[\]:]/g, '\\$&');

/** A completion function for zsh; save it as `_pillion` in a directory of $fpath. */
export function zshCompletion(commands: readonly CompletedCommand[]): string {
  const rows = commands.map(({ name, summary }) => `    '${name}:${zshText(summary)}'`);
  const cases = commands.map(({ name, options }) => {
    const specs = flagsOf(options).map((flag) => {
      const action =
        flag.choices.length > 0 ? `(${flag.choices.join(' ')})` : isFile(flag.flag) ? '_files' : ' ';
      const [equals, value] = flag.boolean ? ['', ''] : ['=', `:value:${action}`];
      return `        '--${flag.flag}${equals}[${zshText(flag.help)}]${value}'`;
    });
    specs.push("        '*:file:_files'");
    return [`    ${name})`, '      _arguments \\', `${specs.join(' \\\n')} ;;`].join('\n');
  });
  return [
    '#compdef pillion',
    '# zsh completion for pillion; generated, do not edit',
    '_pillion() {',
    '  local -a commands',
    '  commands=(',
    ...rows,
    '  )',
    '  if (( CURRENT == 2 )); then',
    "    _describe 'command' commands",
    '    return',
    '  fi',
    '  case "${words[2]}" in',
    ...cases,
    '  esac',
    '}',
    '_pillion "$@"',
    '',
  ].join('\n');
}
