/** The flags of the logging library in v3: checked as it checks them, and without effect but for -v. */
import { goQuote } from '../../../core/options/go-quote.ts';
import { option, ValueError, type ValueType } from '../../../core/options/option.ts';
import { bool, string } from '../../../core/options/value-types.ts';

/** Go's strconv.Atoi: plain decimal, unlike every other number on the command line. */
function atoi(text: string): number {
  if (!/^[+-]?\d+$/.test(text)) {
    throw new ValueError(`strconv.Atoi: parsing ${goQuote(text)}: invalid syntax`);
  }
  return Number(text);
}

const level: ValueType<number> = { name: 'value', parse: atoi, format: String };

const SEVERITIES = new Set(['INFO', 'WARNING', 'ERROR', 'FATAL']);

/** A text that must pass a check and is then forgotten. */
function checked(check: (text: string) => void): ValueType<string> {
  return {
    name: 'value',
    parse(text) {
      check(text);
      return text;
    },
    format: (value) => value,
  };
}

function checkSeverity(text: string): void {
  if (!SEVERITIES.has(text.toUpperCase())) {
    atoi(text);
  }
}

function checkModules(text: string): void {
  for (const item of text.split(',').filter((part) => part !== '')) {
    const parts = item.split('=');
    const [pattern = '', number = ''] = parts;
    if (parts.length !== 2 || pattern === '' || !/^[+-]?\d+$/.test(number)) {
      throw new ValueError('syntax error: expect comma-separated list of filename=N');
    }
    if (Number(number) < 0) {
      throw new ValueError('negative value for vmodule level');
    }
  }
}

function checkTrace(text: string): void {
  if (text === '') {
    return;
  }
  const parts = text.split(':');
  const [file = '', line = ''] = parts;
  if (parts.length !== 2 || !file.includes('.')) {
    throw new ValueError('syntax error: expect file.go:234');
  }
  if (atoi(line) <= 0) {
    throw new ValueError('negative or zero value for level');
  }
}

export const glogOptions = {
  v: option({ flag: 'v', type: level, default: 0, help: 'how much to log, from 0 to 9' }),
  logtostderr: option({
    flag: 'logtostderr',
    type: bool,
    default: false,
    help: 'no effect: logs always go to standard error',
  }),
  alsologtostderr: option({
    flag: 'alsologtostderr',
    type: bool,
    default: false,
    help: 'no effect: logs always go to standard error',
  }),
  stderrthreshold: option({
    flag: 'stderrthreshold',
    type: checked(checkSeverity),
    default: '',
    help: 'no effect: logs always go to standard error',
  }),
  vmodule: option({
    flag: 'vmodule',
    type: checked(checkModules),
    default: '',
    help: 'no effect: a comma-separated list of pattern=N',
  }),
  logBacktraceAt: option({
    flag: 'log_backtrace_at',
    type: checked(checkTrace),
    default: '',
    help: 'no effect: a place as file:N',
  }),
  logDir: option({
    flag: 'log_dir',
    type: string,
    default: '',
    help: 'no effect: logs always go to standard error',
  }),
};

/** Names that only the flags of v3 have, besides -v. */
export const GLOG_NAMES: ReadonlySet<string> = new Set(
  Object.values(glogOptions)
    .map((declared) => declared.flag)
    .filter((flag) => flag !== 'v'),
);
