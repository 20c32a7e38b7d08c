/** Loaded into the program before its own code: for each second that passes it takes CLOCK_FACTOR to have passed. */
import process from 'node:process';

const factor = Number(process.env['CLOCK_FACTOR']);
const real = process.hrtime;
// What src/core/monotonic.ts asks.
process.hrtime = Object.assign(
  (): [number, number] => {
    const [seconds, nanoseconds] = real();
    const scaled = (seconds + nanoseconds / 1e9) * factor;
    return [Math.floor(scaled), Math.floor((scaled % 1) * 1e9)];
  },
  { bigint: real.bigint },
);
