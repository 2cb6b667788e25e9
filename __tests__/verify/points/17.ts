import type { Fingerprint, SameHead } from 'featreconstruct';
import type { Check, Point } from '../check.js';
import { callJson, extracted, failed } from '../leaks.js';

/** d, and c where it is no larger. */
const models = [
  { model: 'mobilenet_v1_025', width: 256 },
  { model: 'vit_tiny_patch16_224', width: 192 },
  { model: 'resnet20_cifar100', width: 64 },
  { model: 'efficientnet_lite0', width: null },
  { model: 'resnet20_cifar10', width: null },
] as const;

const images = { dataset: 'cifar100:test[0:3000]' };

export const point: Point = {
  id: 17,
  title: 'fingerprint: the width from 3,000 outputs, and whose head',
  needs: ['models', 'data'],
  async run(settings) {
    const checks: Check[] = [];
    for (const { model, width } of models) {
      const store = await extracted(model, images, settings);
      for (const shown of ['logits', 'log-probs']) {
        const subject = `fingerprint ${model}, ${shown}`;
        const { value, problem } = await callJson<Fingerprint>([
          ...['fingerprint', store, '--observe', shown, '--no-features'],
        ]);
        if (!value) checks.push(failed(subject, problem));
        else {
          checks.push({
            subject,
            bar: width === null ? 'no width, and why' : `width ${width}`,
            figure: value.hiddenWidth === null ? value.reasons.at(-1)! : String(value.hiddenWidth),
            held: value.hiddenWidth === width,
          });
        }
      }
    }
    const files = ['mobilenet_v1_025', 'vit_tiny_patch16_224'].map((model) => extracted(model, images, settings));
    const [mobilenet, vit] = await Promise.all(files);
    const other = await extracted('vit_tiny_patch16_224', { dataset: 'cifar10:test[0:3000]' }, settings);
    checks.push(await compared('one head, other images', vit, other, true));
    checks.push(await compared('two heads, the same images', vit, mobilenet, false));
    return checks;
  },
};

async function compared(subject: string, a: string, b: string, same: boolean): Promise<Check> {
  const { value, problem } = await callJson<{ sameHead: SameHead }>(['fingerprint', a, b, '--no-features']);
  if (!value) return failed(subject, problem);
  const { angle, same: found } = value.sameHead;
  return { subject, bar: same ? 'the same head' : 'another head', figure: `${angle} degrees`, held: found === same };
}
