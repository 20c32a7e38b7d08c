import { describe, expect, it } from 'vitest';
import { profileOf } from '../testing/settings.ts';
import { partsCel, templateCel } from './template.ts';

const parameters = {
  word: { type: 'string', default: 'x' },
  maybe: { type: 'string' },
  count: { type: 'integer', max: 9, default: 1 },
  on: { type: 'boolean', default: true },
  port: { type: 'port', default: 2000 },
};

/** The expression of one variable of the application, whose value kubelet expands. */
const env = (value: unknown): string =>
  partsCel(profileOf({ parameters, env: [{ name: 'A', value }] }).env).text;
const volume = (fields: object): string =>
  partsCel(profileOf({ parameters, volumes: [{ name: 'v-${instance}', ...fields }] }).volumes).text;
const container = (fields: object): string => {
  const own = { name: 'c-${instance}', image: 'i', securityContext: {}, ...fields };
  const compiled = profileOf({ parameters, container: own }).container;
  return compiled === undefined ? '' : templateCel(compiled).text;
};

describe('a template as CEL', () => {
  it('puts values between texts, and doubles their dollar signs only where kubelet expands them', () => {
    expect(env('a"${word}\\b')).toContain('(("a\\"" + v["word"].replace("$", "$$")) + "\\\\b")');
    expect(volume({ secret: { secretName: '${word}' } })).toContain('{"secretName": dyn(v["word"])}');
  });

  it('has numbers, booleans and ports of their own type', () => {
    const text = container({
      ports: [{ containerPort: '${port}' }],
      livenessProbe: { tcpSocket: { port: 'p' }, periodSeconds: 5, failureThreshold: '${count}' },
      securityContext: { runAsNonRoot: '${on}', readOnlyRootFilesystem: false },
    });
    expect(text).toContain('"containerPort": dyn(int(v["port"]))');
    expect(text).toContain('"periodSeconds": dyn(5)');
    expect(text).toContain('"failureThreshold": dyn(int(v["count"]))');
    expect(text).toContain('"runAsNonRoot": dyn((v["on"] == "true"))');
    expect(text).toContain('"readOnlyRootFilesystem": dyn(false)');
    expect(text).toContain('t.matches("^[0-9]{1,9}$") ? dyn(int(t)) : dyn(t)');
  });

  it('leaves out what its condition keeps out, and a list with nothing in it', () => {
    const text = container({
      args: [{ $when: ['maybe', 'word!=y'], $value: '${maybe}' }],
      command: ['a', { $when: '!on', $value: 'b' }],
      env: [],
    });
    expect(text).toContain('?"args": optional.ofNonZeroValue(dyn([?');
    expect(text).toContain('("maybe" in v) && (v["maybe"] != "false")');
    expect(text).toContain('!(("word" in v) && (v["word"] == "y"))');
    expect(text).toContain('"command": dyn(["a", ?');
    expect(text).not.toContain('"env"');
  });
});
