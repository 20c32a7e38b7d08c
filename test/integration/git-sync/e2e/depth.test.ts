import { describe, expect, it } from 'vitest';
import { historyOf, makeScene, type Scene } from './scene.ts';

async function commitThree(scene: Scene): Promise<void> {
  for (const text of ['1', '2', '3']) {
    await scene.commit(text);
  }
}

describe('--depth', () => {
  it('is 1 by default (sync_depth_default_shallow)', async (test) => {
    const scene = await makeScene(test);
    await commitThree(scene);
    await scene.once();
    expect(await historyOf(scene.link)).toBe(1);
  });

  it('holds across updates, forward and backward (sync_depth_across_updates)', async (test) => {
    const scene = await makeScene(test);
    await scene.commit('1');
    const sync = await scene.start(['--period=100ms', '--depth=1']);
    const steps = [
      ['1', async () => {}],
      ['2', async () => scene.commit('2')],
      ['1', async () => scene.moveBack()],
    ] as const;
    for (const [index, [text, step]] of steps.entries()) {
      await step();
      await sync.synced();
      expect(await scene.read()).toBe(text);
      expect(await historyOf(scene.link)).toBe(1);
      expect(await sync.counts()).toEqual({ syncs: index + 1, fetches: index + 1 });
    }
  });

  it('can change from start to start, also to the full history (sync_depth_change_on_restart)', async (test) => {
    const scene = await makeScene(test);
    await commitThree(scene);
    for (const [depth, commits] of [
      [1, 1],
      [2, 2],
      [1, 1],
      [0, 4],
    ] as const) {
      await scene.once([`--depth=${depth}`]);
      expect(await historyOf(scene.link)).toBe(commits);
    }
  });
});
