import { describe, expect, it } from 'vitest';
import { supercronicBind } from './serve-http.ts';

describe('-prometheus-listen-address', () => {
  it.each([
    ['', ''],
    ['0.0.0.0', '0.0.0.0:9746'],
    ['127.0.0.1:8080', '127.0.0.1:8080'],
    [':8080', ':8080'],
    ['[::1]', '[::1]:9746'],
    ['[::1]:8080', '[::1]:8080'],
  ])('%s listens on "%s"', (address, bind) => {
    expect(supercronicBind(address)).toBe(bind);
  });
});
