import { join } from 'node:path';
import type { Results } from 'featreconstruct';
import type { Verdict } from 'featreconstruct/leaks';
import { findingsInWords } from '../../../lib/words/index.js';
import { failed, type Check, type Point } from '../check.js';
import { callJson } from '../leaks.js';
import { outFolder, type Settings } from '../settings.js';

export const point: Point = {
  id: 20,
  title: 'audit: one command, a verdict first',
  needs: ['models', 'data'],
  async run(settings) {
    return [
      // As many variations as the audit of the images alone asks for.
      ...(await audit('vit_tiny_patch16_224', join(settings.data!, 'scenes'), 'features', settings, ['--vary', '34'])),
      ...(await audit('resnet20_cifar10', 'cifar10:test', 'partly', settings)),
    ];
  },
};

async function audit(
  model: string,
  images: string,
  level: Verdict['level'],
  settings: Settings,
  more: readonly string[] = [],
): Promise<Check[]> {
  const subject = `audit ${model} ${images.replace(/^.*[\\/]/, '')}`;
  const { value, problem } = await callJson<Results>([
    ...[
      'audit',
      join(settings.models!, `${model}.onnx`),
      images,
      '--data-dir',
      settings.data!,
      '--transform',
      'protocol',
    ],
    ...['--stores', settings.stores, '--out', await outFolder(`audit-${model}`), ...more],
  ]);
  if (!value?.leaks) return [failed(subject, problem)];
  const { level: found, findings } = value.leaks.verdict;
  const sentences = findingsInWords(findings);
  return [
    { subject, bar: `what is out: ${level}`, figure: found, held: found === level },
    { subject, bar: 'a verdict in sentences', figure: sentences[0], held: sentences.length >= 3 },
    {
      subject,
      bar: 'a table',
      figure: `${value.rows.length} rows, ${value.failures.length} failed checks`,
      held: value.rows.length >= 8 && value.failures.length === 0,
    },
  ];
}
