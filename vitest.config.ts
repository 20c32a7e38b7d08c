import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import { BaseSequencer, type Reporter, type TestSpecification } from 'vitest/node';
import { isAtLeast, readManifest } from './scripts/manifest.ts';

const { oldestNode } = readManifest();
if (!isAtLeast(process.versions.node, oldestNode)) {
  const found = `${process.versions.node} at ${process.execPath}`;
  throw new Error(
    `needs Node >= ${oldestNode}, not ${found}: npx, npm run and make find the one in node_modules/.bin`,
  );
}

// Unit tests sit next to their file and run in `npm run check`; integration tests talk to real programs, those of the
// cluster to a real Kubernetes. The two may be given a second try where a machine may stand still for seconds; whoever
// does so shows which tests needed it.
const retry = Number(process.env['PILLION_TEST_RETRY'] ?? 0);
// One line for each test that failed or needed its second try, so that whoever sees only the end of a log knows.
const oneLine = (text: string | undefined): string => (text ?? '').replaceAll(/\s+/g, ' ').slice(0, 600);
const oneLineReporter: Reporter = {
  onTestRunEnd(modules, unhandledErrors) {
    for (const module of modules) {
      for (const error of module.errors()) {
        console.log(`failed: ${module.relativeModuleId}: ${oneLine(error.message)}`);
      }
      for (const test of module.children.allTests()) {
        const [first] = test.result().errors ?? [];
        const name = `${module.relativeModuleId} > ${test.fullName}: ${oneLine(first?.message)}`;
        if (test.result().state === 'failed') {
          console.log(`failed: ${name}`);
        } else if (test.diagnostic()?.flaky) {
          console.log(`needed a second try: ${name}`);
        }
      }
    }
    for (const error of unhandledErrors) {
      console.log(`failed: an error that no test handled: ${oneLine(error.stack ?? error.message)}`);
    }
  },
};

// What takes a minute or more starts first: started last, it would run alone at the end. The rotation of certificates
// waits for a minute, in which the other lines of cluster tests build the images that the tests after it need.
const LONG =
  /\/(injector-rotation|kill-[a-z-]+|pgbouncer|copy|leftovers|every-command|hung-volume|git-retention|time-limits|soak|demo|inject)\.test\.ts$/;
class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const usual = await super.sort(files);
    const isLong = ({ moduleId }: TestSpecification) => LONG.test(moduleId);
    return [...usual.filter(isLong), ...usual.filter((file) => !isLong(file))];
  }
}

// What is waited for on a machine that does other things: a condition has all the time that a test has.
const expect = { poll: { timeout: 60_000 } };

// Sit next to their file, but take many seconds: they run with the integration tests.
const LONG_TESTS = '{src,scripts}/**/*.long.test.ts';

// A file for the counts of a run, as JSON.
const report = process.env['PILLION_TEST_REPORT'];

export default defineConfig({
  test: {
    // What a file becomes is kept for the next run: of the checks, the tests and the oldest Node after each other.
    experimental: { fsModuleCache: true, fsModuleCachePath: '.cache/vitest' },
    sequence: { sequencer: LongestFirst },
    reporters: [
      'default',
      oneLineReporter,
      ...(report === undefined ? [] : [['json', { outputFile: report }] as ['json', { outputFile: string }]]),
    ],
    projects: [
      {
        test: {
          name: 'unit',
          include: ['src/**/*.test.ts', 'scripts/**/*.test.ts', 'bench/**/*.test.ts'],
          exclude: [LONG_TESTS],
          testTimeout: 60_000,
          retry,
          expect,
          maxWorkers: 3,
          // Files share two processes, which halves the time: none leaves anything of the process changed.
          isolate: false,
        },
      },
      {
        test: {
          name: 'integration',
          include: ['test/integration/**/*.test.ts', 'examples/**/*.test.ts', LONG_TESTS],
          testTimeout: 180_000,
          expect,
          hookTimeout: 180_000,
          retry,
          // Programs of tests are TypeScript, which Node would take apart at each of hundreds of starts.
          env: { NODE_COMPILE_CACHE: fileURLToPath(new URL('.cache/compile', import.meta.url)) },
          // They wait more than they work; they run after the unit tests, which work.
          maxWorkers: 5,
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: {
          name: 'cluster',
          include: ['test/cluster/**/*.test.ts'],
          testTimeout: 600_000,
          expect,
          hookTimeout: 600_000,
          retry,
          fileParallelism: false,
        },
      },
    ],
  },
});
