import { join } from 'node:path';
import type { Results } from 'featreconstruct';
import { failed, type Check, type Point } from '../check.js';
import { callJson } from '../leaks.js';
import { outFolder, type Settings } from '../settings.js';

const models = {
  efficientnet_lite0: [],
  vit_tiny_patch16_224: [],
  resnet20_cifar100: ['--mean', '0.5071,0.4866,0.4409', '--std', '0.2673,0.2564,0.2762'],
};

export const point: Point = {
  id: 16,
  title: 'leak curves: agreement and R² against how much is shown',
  needs: ['models', 'data'],
  async run(settings) {
    const checks: Check[] = [];
    for (const [model, transform] of Object.entries(models)) checks.push(...(await curve(model, transform, settings)));
    return checks;
  },
};

async function curve(model: string, transform: readonly string[], settings: Settings): Promise<Check[]> {
  const subject = `sweep ${model}, cifar100:train[0:10000] → cifar100:test`;
  const { value, problem } = await callJson<Results>([
    ...['sweep', '--source', join(settings.models!, `${model}.onnx`), '--data-dir', settings.data!],
    ...['--train', 'cifar100:train[0:10000]', '--test', 'cifar100:test', ...transform],
    ...['--stores', settings.stores, '--out', await outFolder(`sweep-${model}`)],
  ]);
  if (!value) return [failed(subject, problem)];
  const points = value.rows.filter(({ prior }) => prior === null);
  const of = (shown: string) => points.find(({ observe = 'logits' }) => observe === shown)!;
  return [
    ...points.map(({ observe = 'logits', agreement, r2 }): Check => ({
      subject,
      bar: `${observe}: a row is there`,
      figure: `agreement ${(100 * agreement!).toFixed(2)} %, R² ${r2!.toFixed(4)}`,
      held: true,
    })),
    {
      subject,
      bar: 'all logits give everything, the best class alone the least',
      figure: `${of('logits').agreement} and R² ${of('logits').r2!.toFixed(4)} to ${of('probs+topk:1').r2!.toFixed(4)}`,
      held: of('logits').agreement === 1 && points.every(({ r2 }) => r2! <= of('logits').r2! + 1e-9),
    },
  ];
}
