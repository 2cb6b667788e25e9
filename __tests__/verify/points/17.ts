import type { Fingerprint, SameHead } from 'featreconstruct';
import { failed, type Check, type Point } from '../check.js';
import { callJson, extracted, firstOutputs } from '../leaks.js';
import type { Settings } from '../settings.js';

/** d, and c where it is no larger. */
const models = [
  { model: 'mobilenet_v1_025', width: 256 },
  { model: 'vit_tiny_patch16_224', width: 192 },
  { model: 'resnet20_cifar100', width: 64 },
  { model: 'efficientnet_lite0', width: null },
  { model: 'resnet20_cifar10', width: null },
] as const;

/** As many as a curious outsider gets without being noticed. */
const rows = 3000;

async function outputs(model: string, dataset: string, settings: Settings): Promise<string> {
  const store = await extracted(model, { dataset }, settings);
  return firstOutputs(store, rows, `${model}-${dataset}`.replaceAll(':', '-'));
}

export const point: Point = {
  id: 17,
  title: 'fingerprint: the width from 3,000 outputs, and whose head',
  needs: ['models', 'data'],
  async run(settings) {
    const checks: Check[] = [];
    for (const { model, width } of models) {
      const file = await outputs(model, 'cifar100:test', settings);
      for (const shown of ['logits', 'log-probs']) {
        const subject = `fingerprint ${model}, ${shown}`;
        const { value, problem } = await callJson<Fingerprint>([
          ...['fingerprint', file, '--observe', shown, '--no-features'],
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
    const vit = await outputs('vit_tiny_patch16_224', 'cifar100:test', settings);
    const other = await outputs('vit_tiny_patch16_224', 'cifar10:test', settings);
    const mobilenet = await outputs('mobilenet_v1_025', 'cifar100:test', settings);
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
