import { join } from 'node:path';
import type { RecoveryReport, RotationComparison } from 'featreconstruct/leaks';
import { failed, type Check, type Point } from '../check.js';
import { callJson, extracted } from '../leaks.js';
import { outFolder } from '../settings.js';

const sets = ['cifar100:train[0:10000]', 'cifar100:test', 'cifar10:train', 'cifar10:test', 'scenes'];

export const point: Point = {
  id: 18,
  title: 'features up to a rotation from outputs alone: vit_tiny_patch16_224',
  needs: ['models', 'data'],
  async run(settings) {
    const stores: string[] = [];
    for (const dataset of sets) stores.push(await extracted('vit_tiny_patch16_224', { dataset }, settings));
    const folder = await outFolder('recover');
    const checks: Check[] = [];
    for (const shown of ['logits', 'probs']) {
      const subject = `recover vit_tiny_patch16_224, ${shown}`;
      const files = {
        out: join(folder, `vit-${shown}.safetensors`),
        head: join(folder, `vit-${shown}-head.safetensors`),
      };
      const { value, problem } = await callJson<RecoveryReport & { comparison: RotationComparison }>([
        ...[
          'recover',
          ...stores,
          '--observe',
          shown,
          '--out',
          files.out,
          '--head',
          files.head,
          '--features',
          ...stores,
        ],
      ]);
      if (!value) {
        checks.push(failed(subject, problem));
        continue;
      }
      const { r2, equalNeighbours, rows } = value.comparison;
      checks.push(
        {
          subject,
          bar: 'R² >= 0.999999 on rows kept out',
          figure: `1 − ${(1 - r2).toExponential(1)}, ${rows} rows`,
          held: r2 >= 0.999999,
        },
        {
          subject,
          bar: 'all nearest neighbours equal',
          figure: `${(100 * equalNeighbours).toFixed(2)} %`,
          held: equalNeighbours === 1,
        },
        {
          subject,
          bar: 'within three minutes',
          figure: `${value.seconds.toFixed(0)} s, ${value.iterations} iterations`,
          held: value.seconds <= 180,
        },
      );
    }
    return checks;
  },
};
