import { openStore } from 'featreconstruct';
import type { Fingerprint, SameHead } from 'featreconstruct/leaks';
import { failed, type Check, type Point } from '../check.js';
import { callJson, extracted, firstOutputs } from '../leaks.js';
import { columnRank } from '../rank.js';
import type { Settings } from '../settings.js';

/** With fewer features than classes the width shows. */
const models = [
  { model: 'mobilenet_v1_025', shows: true },
  { model: 'vit_tiny_patch16_224', shows: true },
  { model: 'resnet20_cifar100', shows: true },
  { model: 'efficientnet_lite0', shows: false },
  { model: 'resnet20_cifar10', shows: false },
] as const;

/** As many as a curious outsider gets without being noticed. */
const rows = 3000;
/** Rows that carry a direction alone, up to which they may be no outputs of the model: docs/fingerprint.md states it. */
const fewRows = 20;

async function outputs(model: string, dataset: string, settings: Settings, from = 0, to = rows): Promise<string> {
  const store = await extracted(model, { dataset }, settings);
  return firstOutputs(store, to, `${model}-${dataset}-${from}-${to}`.replaceAll(':', '-'), from);
}

/** d, and how many directions the features have that more than a few rows switch on, from the features themselves. */
async function truth(model: string, settings: Settings): Promise<{ d: number; least: number }> {
  const store = await openStore(await extracted(model, { dataset: 'cifar100:test' }, settings));
  const d = store.features.cols;
  const least = columnRank(await store.features.read(0, rows), d, fewRows);
  await store.close();
  return { d, least };
}

export const point: Point = {
  id: 17,
  title: 'fingerprint: the width from 3,000 outputs, and whose head',
  needs: ['models', 'data'],
  async run(settings) {
    const checks: Check[] = [];
    for (const { model, shows } of models) {
      const file = await outputs(model, 'cifar100:test', settings);
      const { d, least } = shows ? await truth(model, settings) : { d: 0, least: 0 };
      for (const shown of ['logits', 'log-probs']) {
        const subject = `fingerprint ${model}, ${shown}`;
        const { value, problem } = await callJson<Fingerprint>([
          ...['fingerprint', file, '--observe', shown, '--no-features'],
        ]);
        if (!value) checks.push(failed(subject, problem));
        else {
          const width = value.hiddenWidth;
          checks.push({
            subject,
            bar: shows
              ? `width at most ${d}, and at least the ${least} directions that more than ${fewRows} rows switch on`
              : 'no width, and why',
            figure: String(width ?? value.reasons.at(-1)),
            held: shows ? width !== null && width <= d && width >= least : width === null,
          });
        }
      }
    }
    const vit = await outputs('vit_tiny_patch16_224', 'cifar100:test', settings);
    const other = await outputs('vit_tiny_patch16_224', 'cifar10:test', settings);
    const mobilenet = await outputs('mobilenet_v1_025', 'cifar100:test', settings);
    checks.push(await compared('one head, other images', vit, other, [true]));
    checks.push(await compared('two heads, the same images', vit, mobilenet, [false]));
    for (const { model } of models.filter(({ shows }) => shows)) {
      const first = await outputs(model, 'cifar100:test', settings, 0, 300);
      const second = await outputs(model, 'cifar100:test', settings, 300, 600);
      // Features that one slice alone switches on may leave it open.
      checks.push(await compared(`one head, 300 images and 300 others, ${model}`, first, second, [true, null]));
    }
    const lite = await outputs('efficientnet_lite0', 'cifar100:test', settings);
    checks.push(await compared('a head as wide as its outputs', lite, mobilenet, [null]));
    return checks;
  },
};

const words = (same: boolean | null): string =>
  same === null ? 'cannot be told' : same ? 'the same span' : 'two heads';

async function compared(subject: string, a: string, b: string, right: (boolean | null)[]): Promise<Check> {
  const { value, problem } = await callJson<{ sameHead: SameHead }>(['fingerprint', a, b, '--no-features']);
  if (!value) return failed(subject, problem);
  const { same, inside, rows: compared } = value.sameHead;
  const shares = inside?.map((rows, i) => `${rows ?? '?'} of ${compared![i]}`).join(' and ');
  return {
    subject,
    bar: right.map(words).join(' or '),
    figure: `${words(same)}${shares ? `; ${shares} rows lie in the other's span` : ''}`,
    held: right.includes(same),
  };
}
