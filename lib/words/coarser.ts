/** Which interface gives away less than another by construction: what is computed from an answer holds no more than it. */
import { parseObserve, type ObserveStep } from './observe-spec.js';

/** An interface as far as it is held against others. */
export interface Compared {
  observe: string;
  read: { kind: 'exact' | 'at-least' | 'not-shown'; r2: number } | null;
  cost: { sameTop: number; interval?: readonly [number, number] };
}

type Kind = 'logits' | 'probabilities';

/** Steps of an interface: how it is scaled, which loses nothing, and what hides a part after that. */
interface Parts {
  kind: Kind;
  scale: string;
  hiding: ObserveStep[];
}

/** How a reader reads, and what does nothing, is no part of an interface. */
function partsOf(spec: string): Parts {
  const steps = parseObserve(spec).steps.filter(
    (step) => step.step !== 'log' && step.step !== 'logits' && !(step.step === 'temperature' && step.temperature === 1),
  );
  const isScale = ({ step }: ObserveStep): boolean => ['temperature', 'log-probs', 'probs'].includes(step);
  const first = steps.findIndex((step) => !isScale(step));
  const scaling = first < 0 ? steps : steps.slice(0, first);
  return {
    kind: scaling.some(({ step }) => step !== 'temperature') ? 'probabilities' : 'logits',
    scale: JSON.stringify(scaling),
    hiding: first < 0 ? [] : steps.slice(first),
  };
}

const same = (a: ObserveStep, b: ObserveStep): boolean => JSON.stringify(a) === JSON.stringify(b);

const startsWith = (all: readonly ObserveStep[], start: readonly ObserveStep[]): boolean =>
  start.every((step, i) => i < all.length && same(step, all[i]));

/** Whether the best class of such an answer is the model's own on every image. */
const namesModels = ({ hiding }: Parts): boolean =>
  hiding.length === 0 || hiding[0].step === 'topk' || hiding[0].step === 'label';

/** Whether whoever has the answers of one interface can compute those of another, in distribution where noise is added. */
function isComputed(from: Parts, to: Parts): boolean {
  const last = to.hiding.at(-1);
  if (last?.step === 'label' && namesModels(to) && namesModels(from)) return true;
  if (from.hiding.length === 0) return from.kind === 'logits' || to.kind === 'probabilities';
  if (from.scale !== to.scale) return false;
  const at = from.hiding.findIndex((step, i) => i >= to.hiding.length || !same(step, to.hiding[i]));
  if (at < 0) return true;
  const [more, fewer] = [from.hiding[at], to.hiding[at]];
  // Rounding acts on each listed number alone, so that a longer list has the shorter one at its beginning.
  if (more?.step !== 'topk' || fewer?.step !== 'topk' || fewer.k > more.k) return false;
  const after = from.hiding.slice(at + 1);
  return (
    after.every(({ step }) => step === 'round' || step === 'float16') && startsWith(to.hiding.slice(at + 1), after)
  );
}

/** Whether an interface is computed from another one, and not the other way round: it then gives away no more. */
export function isCoarser(spec: string, than: string): boolean {
  const [one, other] = [partsOf(spec), partsOf(than)];
  return isComputed(other, one) && !isComputed(one, other);
}

/** Whether the published numbers are others than the model's, and not merely fewer or rounded. */
export const changesNumbers = (spec: string): boolean =>
  parseObserve(spec).steps.some(
    (step) => step.step === 'noise' || (step.step === 'temperature' && step.temperature !== 1),
  );

/** Whether users clearly get the model's answer less often. */
const isWorse = (one: Compared['cost'], than: Compared['cost']): boolean =>
  (one.interval?.[1] ?? one.sameTop) < (than.interval?.[0] ?? than.sameTop);

/**
 * The interface that gives the least away: the one off which least was read, or a coarser one that is not clearly worse for users.
 * `from`: the one off which least was read, where another is named in its place. Null where nothing was read.
 */
export function leastOf<T extends Compared>(interfaces: readonly T[]): { least: T; from: T | null } | null {
  const known = interfaces.filter(({ read }) => read?.kind === 'at-least');
  if (known.length === 0) return null;
  const read = known.reduce((a, b) => (b.read!.r2 < a.read!.r2 ? b : a));
  let least = read;
  for (;;) {
    const coarser = interfaces.find(
      (each) => isCoarser(each.observe, least.observe) && !isWorse(each.cost, least.cost),
    );
    if (!coarser) return { least, from: least === read ? null : read };
    least = coarser;
  }
}
