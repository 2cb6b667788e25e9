import { expect, test } from '@jest/globals';
import { zeroShotHead } from '../../lib/experiments/zero-shot-head.js';
import { readClassNames } from '../../lib/experiments/class-names.js';
import { coded } from '../support/coded.js';

test("ImageNet's 1,000 names differ, and stand in the order of the logits", async () => {
  const names = await readClassNames('imagenet');
  expect(new Set(names.map((name) => name.toLowerCase())).size).toBe(1000);
  expect([0, 134, 207, 264, 474, 517, 638, 639, 999].map((i) => names[i])).toEqual([
    ...[
      'tench',
      'crane, a bird',
      'golden retriever',
      'Cardigan Welsh corgi',
      'cardigan',
      'construction crane',
      'maillot',
      'tank suit',
    ],
    'toilet tissue',
  ]);
});

test('two classes of one name are refused before any file is opened', async () => {
  const prompts = { textModel: 'no-such-file.onnx', classNames: ['Crane', 'dog', 'crane'] };
  await expect(zeroShotHead(prompts)).rejects.toThrow(coded('usage', 'crane'));
});
