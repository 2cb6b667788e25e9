import { join } from 'node:path';
import type { Results } from 'featreconstruct';
import type { Check, Point } from '../check.js';
import { callJson, failed, outFolder } from '../leaks.js';
import type { Settings } from '../settings.js';

export const point: Point = {
  id: 20,
  title: 'audit: one command, a verdict first',
  needs: ['models', 'data'],
  async run(settings) {
    return [
      ...(await audit('vit_tiny_patch16_224', join(settings.data!, 'scenes'), settings)),
      ...(await audit('resnet20_cifar10', 'cifar10:test', settings)),
    ];
  },
};

async function audit(model: string, images: string, settings: Settings): Promise<Check[]> {
  const subject = `audit ${model} ${images.replace(/^.*[\\/]/, '')}`;
  const { value, problem } = await callJson<Results>([
    ...['audit', join(settings.models!, `${model}.onnx`), images, '--data-dir', settings.data!],
    ...['--stores', settings.stores, '--out', await outFolder(`audit-${model}`)],
  ]);
  if (!value?.leaks) return [failed(subject, problem)];
  const { sentences } = value.leaks.verdict;
  return [
    { subject, bar: 'a verdict in sentences', figure: sentences[0], held: sentences.length >= 3 },
    {
      subject,
      bar: 'a table',
      figure: `${value.rows.length} rows, ${value.failures.length} failed checks`,
      held: value.rows.length >= 8 && value.failures.length === 0,
    },
  ];
}
