import { readdir, readFile } from 'node:fs/promises';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { decide } from '../../src/injection/engine/decide.ts';
import type { Decision, InjectionSettings } from '../../src/injection/engine/decision.ts';
import { workloadsOf } from '../../src/injection/offline/workloads.ts';
import { policyObjects } from '../../src/injection/policy/objects.ts';
import { askingPod } from '../../src/injection/testing/pods.ts';
import { testSettings } from '../../src/injection/testing/settings.ts';
import { type Json, type JsonMap, textAt } from '../../src/kubernetes/json.ts';
import { OBJECTS } from '../../src/kubernetes/pod-schema.ts';
import {
  buildOracle,
  NO_ORACLE,
  type Oracle,
  type OracleCase,
  type OracleResult,
} from './support/policy-oracle.ts';

const VERSION = '1.2.3';

/** A pod as the API server would be sent it: what a template leaves out is nothing. */
async function corpusPods(): Promise<Json[]> {
  const folder = new URL('../integration/injection/corpus/', import.meta.url);
  const files = (await readdir(folder)).toSorted();
  const texts = await Promise.all(files.map((file) => readFile(new URL(file, folder), 'utf8')));
  return texts
    .flatMap((text) => parseAllDocuments(text, { version: '1.1' }))
    .flatMap((document) => workloadsOf(document.toJS() as Json))
    .map(({ pod }) => pod);
}

const settings = testSettings();

function policies(changes: Partial<InjectionSettings> = {}) {
  const { mutating, validating } = policyObjects(
    { ...settings, ...changes, version: VERSION, allowed: new Map() },
    false,
  );
  return { compatibility: '1.35', mutating: mutating[0], validating: validating[0] };
}

/** What of a message does not depend on guesses at what was meant, which CEL cannot make. */
const firm = (message: string) =>
  message.split(/; (?:did you mean|there are)|: (?:did you mean|belongs to)/)[0];

/** The engine's decision in the terms of the API server. */
function told(decision: Decision): object {
  const { outcome, reason, message } = decision;
  return outcome === 'refused' ? { reason, message: firm(message) } : {};
}

function heard({ denials = [], audit = [] }: OracleResult): object {
  return audit.length === 0 && denials.length === 0
    ? {}
    : { reason: audit[0], message: firm(denials[0] ?? '') };
}

describe.skipIf(NO_ORACLE !== undefined)(
  `admission policies (skipped when ${NO_ORACLE ?? 'Go is missing'})`,
  () => {
    let oracle: Oracle;
    let dearest = 0;
    beforeAll(async () => {
      oracle = await buildOracle();
    });
    afterAll(() => {
      console.log(`dearest pod: ${dearest} of 1000000 (${((dearest / 1_000_000) * 100).toFixed(2)} %)`);
    });

    /** Each case through the engine and through the API server's own code. */
    async function compare(
      cases: readonly OracleCase[],
      changes: Partial<InjectionSettings> = {},
    ): Promise<OracleResult[]> {
      const answer = await oracle.ask({ ...policies(changes), cases });
      expect(answer.compileErrors).toEqual([]);
      const decisions = answer.results.map(({ before }, at) =>
        decide(
          {
            pod: before,
            namespace: cases[at]?.namespace?.name ?? 'default',
            namespaceDefault: defaultOf(cases[at]),
          },
          { ...settings, ...changes },
          VERSION,
        ),
      );
      // The API server writes its own spelling of the engine's pod too.
      const expected = await oracle.ask({
        compatibility: '1.35',
        cases: decisions.map(({ pod }) => ({ object: pod })),
      });
      for (const [at, result] of answer.results.entries()) {
        const decision = decisions[at];
        if (decision === undefined) {
          throw new Error('a decision is missing');
        }
        dearest = Math.max(dearest, result.mutationCost, result.validationCost);
        expect.soft(result.error, JSON.stringify(result.before)).toBeUndefined();
        expect.soft(result.after, decision.reason).toEqual(expected.results[at]?.before);
        expect.soft(heard(result), JSON.stringify(result.before)).toEqual(told(decision));
      }
      return [...answer.results];
    }

    const defaultOf = (asked: OracleCase | undefined) => asked?.namespace?.labels?.['pillion.dev/inject'];

    it('give every pod of the corpus the same as the engine', async () => {
      const pods = await corpusPods();
      expect(pods.length).toBeGreaterThan(15);
      await compare(pods.map((object) => ({ object })));
    });

    test('give any pod that asks the same as the engine, and find nothing to do the second time', async () => {
      const known = (pod: JsonMap): JsonMap =>
        JSON.parse(
          JSON.stringify(pod, (key, value: unknown) => (key === 'x-unknown' ? undefined : value)),
        ) as JsonMap;
      const pods = fc.sample(askingPod, { numRuns: 150, seed: 7 }).map(known);
      const results = await compare(pods.map((object) => ({ object })));
      await compare(results.map(({ after }) => ({ object: after })));
      const changed = results.filter(
        ({ after }) => textAt(after, 'metadata', 'annotations', 'pillion.dev/injected') !== undefined,
      );
      expect(changed).toHaveLength(pods.length);
    });

    it("know no field that Kubernetes' own types do not have", async () => {
      const { schemaErrors } = await oracle.ask({ compatibility: '1.35', schema: OBJECTS });
      expect(schemaErrors).toEqual([]);
    });
  },
);
