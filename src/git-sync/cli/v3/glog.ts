/** The flags of the logging library in v3: taken, and without effect but for -v. */
import { goQuote } from '../../../core/options/go-quote.ts';
import { type Option, option, ValueError, type ValueType } from '../../../core/options/option.ts';
import { bool, string } from '../../../core/options/value-types.ts';
import { setting } from '../../options/setting.ts';

/** Go's strconv.Atoi: plain decimal, unlike every other number on the command line. */
const level: ValueType<number> = {
  name: 'value',
  parse(text) {
    if (!/^[+-]?\d+$/.test(text)) {
      throw new ValueError(`strconv.Atoi: parsing ${goQuote(text)}: invalid syntax`);
    }
    return Number(text);
  },
  format: String,
};

const help = 'no effect: logs always go to standard error';
const ignored = <T>(flag: string, type: ValueType<T>, value: T): Option<T> =>
  option({ flag, type, default: value, help });

export const glogOptions = {
  v: setting('verbosity', { flag: 'v', type: level, default: 0, help: 'how much to log, from 0 to 9' }),
  logtostderr: ignored('logtostderr', bool, false),
  alsologtostderr: ignored('alsologtostderr', bool, false),
  stderrthreshold: ignored('stderrthreshold', string, ''),
  vmodule: ignored('vmodule', string, ''),
  logBacktraceAt: ignored('log_backtrace_at', string, ''),
  logDir: ignored('log_dir', string, ''),
};

/** Names that only the flags of v3 have, besides -v. */
export const GLOG_NAMES: ReadonlySet<string> = new Set(
  Object.values<Option<unknown>>({ ...glogOptions })
    .map(({ flag }) => flag)
    .filter((flag) => flag !== 'v'),
);
