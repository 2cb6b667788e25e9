import { UsageError } from '../base/index.js';

/** One step between a model's logits and what is read of its interface. */
export type ObserveStep =
  | { step: 'logits' | 'log-probs' | 'probs' | 'float16' | 'label' | 'log' }
  | { step: 'topk'; k: number }
  | { step: 'round'; decimals: number }
  | { step: 'temperature'; temperature: number }
  | { step: 'noise'; deviation: number };

/** What an interface publishes of its logits, as steps in the order in which they are applied. */
export interface ObserveSpec {
  /** As asked for: `temperature:2+probs+topk:5+round:2`. */
  text: string;
  steps: ObserveStep[];
}

const forms =
  'logits, log-probs, probs, topk:K, round:DECIMALS, float16, noise:DEVIATION, temperature:T, joined by + in the order in which the interface applies them (probs+topk:5+round:2), label (the best class without a number) alone or at the end, at the end log for a reader who takes logarithms (probs+round:4+log)';

/**
 * Reads a spec such as `probs+topk:5+round:2`. `temperature`, `log-probs` and `probs` act on logits, so they stand
 * before everything that hides a part of them; `log` is what a reader does with probabilities, so it stands last.
 * @throws UsageError for an unknown step, a number out of range or an order that no interface has
 */
export function parseObserve(spec: string): ObserveSpec {
  const steps = spec.split('+').map((part) => parseStep(part.trim(), spec));
  let onLogits = true;
  for (const { step } of steps) {
    if ((step === 'log-probs' || step === 'probs' || step === 'temperature' || step === 'logits') && !onLogits) {
      throw new UsageError(
        `Expected '${step}' to stand before log-probs, probs and topk in '${spec}', since it acts on logits; put it first.`,
      );
    }
    if (step === 'log-probs' || step === 'probs' || step === 'topk') onLogits = false;
  }
  const log = steps.findIndex(({ step }) => step === 'log');
  if (log >= 0 && (log !== steps.length - 1 || !showsProbabilities(steps))) {
    throw new UsageError(
      `Expected 'log' to stand last, after probs, in '${spec}', since it is how probabilities are read; log-probs shows logarithms.`,
    );
  }
  const label = steps.findIndex(({ step }) => step === 'label');
  if (label >= 0 && label !== steps.length - 1) {
    throw new UsageError(
      `Expected 'label' to stand last in '${spec}', since it leaves no numbers to hide; put it last.`,
    );
  }
  return { text: spec, steps };
}

/** Whether what is shown is the best class without a number. */
export const showsLabel = (steps: readonly ObserveStep[]): boolean => steps.at(-1)?.step === 'label';

/**
 * What an interface has in hand when it lists the best classes, or names the best one: the steps before that. Null where it shows
 * a number for every class. What is done to listed numbers later does not change their order.
 */
export function beforeListed(steps: readonly ObserveStep[]): ObserveStep[] | null {
  const at = steps.findIndex(({ step }) => step === 'topk' || step === 'label');
  return at < 0 ? null : steps.slice(0, at);
}

/** Whether what is shown are probabilities, and neither logits nor logarithms. */
export const showsProbabilities = (steps: readonly ObserveStep[]): boolean =>
  !showsLabel(steps) && steps.findLast(({ step }) => step === 'probs' || step === 'log-probs')?.step === 'probs';

const plainSteps: ReadonlySet<string> = new Set(['logits', 'log-probs', 'probs', 'float16', 'label', 'log']);

function parseStep(part: string, spec: string): ObserveStep {
  const [name, argument, ...rest] = part.split(':');
  const number = argument === undefined || argument === '' ? NaN : Number(argument);
  if (rest.length === 0) {
    if (argument === undefined) {
      if (plainSteps.has(name)) return { step: name as 'logits' };
    } else if (name === 'topk' && Number.isInteger(number) && number >= 1) return { step: 'topk', k: number };
    else if (name === 'round' && Number.isInteger(number) && number >= 0 && number <= 15) {
      return { step: 'round', decimals: number };
    } else if (name === 'temperature' && number > 0 && Number.isFinite(number)) {
      return { step: 'temperature', temperature: number };
    } else if (name === 'noise' && number > 0 && Number.isFinite(number)) return { step: 'noise', deviation: number };
  }
  const meant = guessOf(spec);
  throw new UsageError(
    `Expected ${forms}, found '${part}'${part === spec ? '' : ` in '${spec}'`}.${meant === null ? '' : ` Did you mean '${meant}'?`}`,
  );
}

/** What people write instead of the names of steps. */
const spellings: readonly [RegExp, (argument: string) => string][] = [
  [/^(?:probabilities|probability|probs?|softmax)$/, () => 'probs'],
  [/^(?:log[-_ ]?prob(?:abilitie)?s?|logprobs)$/, () => 'log-probs'],
  [/^(?:logits?|raw)$/, () => 'logits'],
  [
    /^(?:(?:the )?label(?: alone)?|class(?:[-_ ]?(?:name|only))?|top[-_ ]?1[-_ ]?(?:label|class)|arg-?max)$/,
    () => 'label',
  ],
  [/^(?:fp16|half|float[-_]?16)$/, () => 'float16'],
  [/^top[-_ ]?k?[-_:= ]?(\d+)$/, (k) => `topk:${k}`],
  [/^round(?:ed)?[-_:= ]?(\d+)$/, (decimals) => `round:${decimals}`],
  [/^(\d+)[-_ ]?(?:decimals?|digits?)$/, (decimals) => `round:${decimals}`],
  [/^temp(?:erature)?[-_:= ]?([\d.]+)$/, (temperature) => `temperature:${temperature}`],
  [/^noise[-_:= ]?([\d.]+)$/, (deviation) => `noise:${deviation}`],
];

/**
 * What a spec in other words may mean: `top5,round2` → `probs+topk:5+round:2`. Where only a number of classes is given,
 * probabilities are meant, as interfaces publish them. Null where a part stays unknown.
 */
function guessOf(spec: string): string | null {
  const parts = spec
    .toLowerCase()
    .trim()
    .split(/[+,;|/\s]+/)
    .filter(Boolean);
  const steps = parts.map((part) => {
    const found = spellings.find(([pattern]) => pattern.test(part));
    return found ? found[1](found[0].exec(part)![1]) : null;
  });
  if (steps.length === 0 || steps.includes(null)) return null;
  const order = ['temperature', 'logits', 'log-probs', 'probs', 'noise', 'topk', 'round', 'float16', 'label'];
  const place = (step: string): number => order.indexOf(step.split(':')[0]);
  const all = (steps as string[]).sort((a, b) => place(a) - place(b));
  const scale = all.some((step) => /^(?:logits|log-probs|probs|label)$/.test(step)) ? all : [...all, 'probs'];
  return [...new Set(scale)].sort((a, b) => place(a) - place(b)).join('+');
}

/** A spec as people say it: `probs+topk:5+round:2` → `the top 5 probabilities rounded to 2 decimals`. */
export function inWords(spec: string): string {
  if (showsLabel(parseObserve(spec).steps)) return 'the best class without a number';
  let [what, which, how] = ['logits', 'all', ''];
  for (const step of parseObserve(spec).steps) {
    if (step.step === 'log-probs') what = 'log-probabilities';
    if (step.step === 'probs') what = 'probabilities';
    if (step.step === 'topk') which = step.k === 1 ? 'only the largest' : `the top ${step.k}`;
    if (step.step === 'temperature') how += ` at temperature ${step.temperature}`;
    if (step.step === 'round') how += ` rounded to ${step.decimals} decimals`;
    if (step.step === 'float16') how += ' in float16';
    if (step.step === 'noise') how += ` with noise of ${step.deviation}`;
    if (step.step === 'log') how += ' (read through logarithms)';
  }
  if (which === 'only the largest') what = what === 'logits' ? 'logit' : what.replace('probabilities', 'probability');
  return `${which} ${what}${how}`;
}
