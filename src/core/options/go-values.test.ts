import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatGoDuration, parseGoBool, parseGoDuration, parseGoFloat, parseGoInt } from './go-values.ts';

// Every vector of this file was printed by Go 1.26's strconv and time packages.

describe('parseGoBool', () => {
  it.each(['1', 't', 'T', 'TRUE', 'true', 'True'])('reads %s as true', (text) => {
    expect(parseGoBool(text)).toBe(true);
  });

  it.each(['0', 'f', 'F', 'FALSE', 'false', 'False'])('reads %s as false', (text) => {
    expect(parseGoBool(text)).toBe(false);
  });

  it.each(['', 'yes', 'tRUE', ' true', '2'])('refuses "%s" with the message of Go', (text) => {
    expect(() => parseGoBool(text)).toThrow(`strconv.ParseBool: parsing "${text}": invalid syntax`);
  });
});

describe('parseGoInt', () => {
  it.each([
    ['0', 0],
    ['00', 0],
    ['+5', 5],
    ['-0x10', -16],
    ['0x_1f', 31],
    ['0_7', 7],
    ['0O17', 15],
    ['0755', 493],
    ['0b101', 5],
    ['1_000', 1000],
  ])('reads %s as %i', (text, value) => {
    expect(parseGoInt(text)).toBe(value);
  });

  it.each(['', '08', '1__0', '1_', '_1', '0b102', '٣', '1 ', '0x', '1.0', 'ten'])('refuses "%s"', (text) => {
    expect(() => parseGoInt(text)).toThrow(`strconv.ParseInt: parsing "${text}": invalid syntax`);
  });

  it('refuses what does not fit into 64 bits', () => {
    expect(parseGoInt('9223372036854775807')).toBe(2 ** 63);
    expect(() => parseGoInt('9223372036854775808')).toThrow('value out of range');
    expect(() => parseGoInt('-9223372036854775809')).toThrow('value out of range');
  });

  it('reads back every whole number in every base', () => {
    fc.assert(
      fc.property(fc.maxSafeInteger(), (value) => {
        const sign = value < 0 ? '-' : '';
        const size = Math.abs(value);
        for (const text of [
          `${size}`,
          `0x${size.toString(16)}`,
          `0o${size.toString(8)}`,
          `0b${size.toString(2)}`,
        ]) {
          expect(parseGoInt(sign + text) + 0).toBe(value + 0);
        }
      }),
    );
  });
});

describe('parseGoFloat', () => {
  it.each([
    ['1e3', 1000],
    ['.5', 0.5],
    ['5.', 5],
    ['+.5e-3', 0.0005],
    ['1_0.5', 10.5],
    ['infinity', Number.POSITIVE_INFINITY],
    ['+Inf', Number.POSITIVE_INFINITY],
    ['-inf', Number.NEGATIVE_INFINITY],
    ['nan', Number.NaN],
  ])('reads %s as %d', (text, value) => {
    expect(parseGoFloat(text)).toBe(value);
  });

  it.each(['', ' 1', '-nan', '1_', '_1', '.', 'e3', '1,5'])('refuses "%s"', (text) => {
    expect(() => parseGoFloat(text)).toThrow(`strconv.ParseFloat: parsing "${text}": invalid syntax`);
  });

  it('refuses what is too large for a number', () => {
    expect(() => parseGoFloat('1e400')).toThrow('value out of range');
  });
});

describe('parseGoDuration', () => {
  it.each([
    ['0', 0],
    ['-0', 0],
    ['+0', 0],
    ['0s', 0],
    ['00s', 0],
    ['1s', 1000],
    ['1.s', 1000],
    ['.5s', 500],
    ['-1.5h', -5_400_000],
    ['1h5m3s', 3_903_000],
    ['1µs', 0.001],
    ['1μs', 0.001],
    ['1us', 0.001],
    ['1ns', 0.000001],
    ['10ms', 10],
  ])('reads %s as %d ms', (text, ms) => {
    expect(parseGoDuration(text)).toBe(ms);
  });

  it.each([
    ['', 'time: invalid duration ""'],
    ['10', 'time: missing unit in duration "10"'],
    ['.s', 'time: invalid duration ".s"'],
    ['s', 'time: invalid duration "s"'],
    ['-', 'time: invalid duration "-"'],
    ['1x', 'time: unknown unit "x" in duration "1x"'],
    ['1h-5m', 'time: unknown unit "h-" in duration "1h-5m"'],
    ['1e3s', 'time: unknown unit "e" in duration "1e3s"'],
    ['1s ', 'time: unknown unit "s " in duration "1s "'],
    ['3000000h', 'time: invalid duration "3000000h"'],
    ['1constructor', 'time: unknown unit "constructor" in duration "1constructor"'],
  ])('refuses "%s" with the message of Go', (text, message) => {
    expect(() => parseGoDuration(text)).toThrow(message);
  });

  it('reads back what formatGoDuration writes', () => {
    fc.assert(
      fc.property(fc.integer({ min: -4_000_000_000, max: 4_000_000_000 }), (microseconds) => {
        const ms = microseconds / 1000;
        expect(parseGoDuration(formatGoDuration(ms)) + 0).toBeCloseTo(ms, 6);
      }),
    );
  });
});

describe('formatGoDuration', () => {
  it.each([
    [0, '0s'],
    [0.000001, '1ns'],
    [0.0015, '1.5µs'],
    [10, '10ms'],
    [1500, '1.5s'],
    [90_000, '1m30s'],
    [7_200_000, '2h0m0s'],
    [-10_000, '-10s'],
  ])('writes %d ms as %s', (ms, text) => {
    expect(formatGoDuration(ms)).toBe(text);
  });
});
