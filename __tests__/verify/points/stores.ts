import type { Point } from '../check.js';
import { checkFlips, checkUnfinished } from '../stores/damage.js';
import { checkKills, checkWriters } from '../stores/kills.js';
import { checkLeavings } from '../stores/leavings.js';
import { openScene } from '../stores/scene.js';

export const point: Point = {
  id: 23,
  title: 'stores and maps: kills, two writers, flipped bits, what killed runs leave',
  needs: [],
  async run({ kills }) {
    const scene = await openScene();
    try {
      return [
        ...(await checkLeavings(scene)),
        ...(await checkFlips(scene, 200)),
        ...(await checkUnfinished(scene, 50)),
        ...(await checkWriters(scene, 20)),
        ...(await checkKills(scene, kills)),
      ];
    } finally {
      await scene.close();
    }
  },
};
