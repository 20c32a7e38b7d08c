/** The options of the server that every long-running command has under the same names. */
import { option } from '../options/option.ts';
import { bool, string } from '../options/value-types.ts';

/** @param env the variables of a flag */
export function httpOptions(env: (flag: string) => readonly string[]) {
  return {
    httpBind: option({
      flag: 'http-bind',
      type: string,
      default: '',
      env: env('http-bind'),
      help: 'host:port for /livez, /readyz, /status and /metrics; without it nothing is served.',
    }),
    httpMetrics: option({
      flag: 'http-metrics',
      type: bool,
      default: true,
      env: env('http-metrics'),
      help: 'Serve /metrics.',
    }),
  };
}
