import type { NotShownError } from '../base/index.js';
import { parseObserve, type AbilityAnswer } from '../words/index.js';
import type { InterfaceAnswer } from './interfaces.js';
import type { RecoveryReport } from './recover.js';
import { stoppedOf } from './verdict.js';

/** What the table of who can do what is made of. */
export interface AbilityFacts {
  classes: number;
  features: number;
  /** Distinct outputs that the search by outputs alone had, those of variations included. */
  outputs: number;
  /** Distinct outputs of the images themselves, on which the interfaces were judged. */
  images: number;
  /** Least width that all of the logits show, those of variations included; null where they show none. */
  width: number | null;
  /** Interfaces that show the whole width on the images and their variations; absent where that was not looked at. */
  filled?: readonly string[];
  /** Whether there are too many classes to look at what each interface shows of the model. */
  tooMany: boolean;
  interfaces: readonly InterfaceAnswer[];
  recovery: RecoveryReport | null;
  untried: NotShownError['code'] | null;
  /** Whether there was no time left for a search. */
  skipped?: boolean;
  /** Whether variations would be enough for a search for rectified features, and time did not allow for both. */
  outOfTime?: boolean;
  /** Distinct outputs that a search takes, for either kind; null where that is not known. */
  needed: { sphere: number; rectified: number } | null;
}

/** Who can do what with a model's outputs, one line an ability. */
export function abilitiesOf(facts: AbilityFacts): AbilityAnswer[] {
  return [
    { ability: 'width', ...widthOf(facts) },
    { ability: 'recognise', ...recognisedBy(facts) },
    { ability: 'features', ...recovered(facts, 'rectified') },
    { ability: 'rotation', ...recovered(facts, 'sphere') },
    mapOf(facts),
    headOf(facts),
  ];
}

type Found = Omit<AbilityAnswer, 'ability'>;

/** The answer for an ability that nobody was shown to have. */
const without = (sure: 'not-found' | 'not-tried' | 'impossible', more: Partial<Found> = {}): Found => ({
  ...{ observe: [], sure, queries: null, stolen: 0 },
  ...more,
});

const namesOf = (interfaces: readonly InterfaceAnswer[]): string[] => interfaces.map(({ observe }) => observe);

/** Interfaces that show the whole width: fewer directions do not count the features. */
function widthOf(facts: AbilityFacts): Found {
  const { interfaces, features, classes, outputs, images, width, filled } = facts;
  if (features >= classes) return without('impossible');
  const shown = namesOf(interfaces.filter((each) => each.width === features));
  if (shown.length > 0) return { observe: shown, sure: 'measured', queries: images, stolen: 0 };
  // Variations fill directions that the images as they are do not.
  const whole = filled ?? (width === features ? ['logits'] : []);
  const varied = namesOf(interfaces).filter((observe) => whole.includes(observe));
  if (varied.length > 0) return { observe: varied, sure: 'measured', queries: outputs, stolen: 0 };
  if (facts.tooMany) return without('not-tried', { why: 'classes' });
  if (!interfaces.some(mayShowSpan)) return without('not-tried', { why: 'outputs' });
  return images <= features + 1 ? without('not-tried', { why: 'images', queries: features + 2 }) : without('not-found');
}

/** Images that telling two heads apart takes: each half of them has to fill the span of the features, and have some to spare. */
export const imagesToRecognise = (features: number): number => 2 * (features + 9);

function recognisedBy({ interfaces, features, classes, images, outputs, tooMany }: AbilityFacts): Found {
  if (features >= classes) return without('impossible');
  const by = namesOf(interfaces.filter(({ recognised }) => recognised === 'yes'));
  if (by.length > 0) return { observe: by, sure: 'measured', queries: images, stolen: 0 };
  if (interfaces.some(({ recognised }) => recognised === 'no')) return without('not-found');
  if (tooMany) return without('not-tried', { why: 'classes' });
  if (!interfaces.some(mayShowSpan)) return without('not-tried', { why: 'outputs' });
  const queries = imagesToRecognise(features);
  // Interfaces were looked at on the images as they are: variations may be enough, and were not tried.
  return without('not-tried', { why: outputs >= queries ? 'variations' : 'images', queries });
}

/** Whether a row of such outputs can lie in the span of others: not where only the top K or a label are shown, nor under noise. */
export const mayShowSpan = ({ observe }: Pick<InterfaceAnswer, 'observe'>): boolean =>
  parseObserve(observe).steps.every(({ step }) => step !== 'topk' && step !== 'noise' && step !== 'label');

/** By the outputs alone: certified, or not. */
function recovered(
  { recovery, untried, needed, outputs, features, classes, interfaces, skipped, outOfTime }: AbilityFacts,
  kind: 'rectified' | 'sphere',
): Found {
  if (features >= classes) return without('impossible');
  // The search was made on the logits; for interfaces that show less nothing is known.
  const whole = namesOf(interfaces.filter(showsLogits));
  if (whole.length === 0) return without('not-tried', { why: 'outputs' });
  if (recovery?.certified && recovery.kind === kind) {
    return { observe: whole, sure: 'proven', queries: outputs, stolen: 0, ...stoppedOf(recovery) };
  }
  // The search for a normalisation is not what its time ends.
  const stopped = kind === 'rectified' ? stoppedOf(recovery) : {};
  const wanted = needed?.[kind] ?? null;
  const isOfTime = (skipped && outputs >= (wanted ?? 0)) || (outOfTime && kind === 'rectified');
  if (recovery === null || (wanted !== null && outputs < wanted)) {
    return untried === null || untried === 'too-few-rows'
      ? without('not-tried', { queries: wanted, why: isOfTime ? 'time' : 'images' })
      : without('not-found', { queries: wanted, ...stopped });
  }
  return without('not-found', stopped);
}

/**
 * Whether such outputs are the logits at full precision, or all but what every class has in common; the latter only where the
 * head was seen to be undone from them: differences may lose a direction, and float32 small probabilities.
 */
function showsLogits({ observe, read }: InterfaceAnswer): boolean {
  const steps = parseObserve(observe).steps.map(({ step }) => step);
  if (steps.every((step) => step === 'logits' || step === 'temperature')) return true;
  return read?.kind === 'exact';
}

function mapOf({ interfaces, features }: AbilityFacts): AbilityAnswer {
  const exact = interfaces.filter(({ read }) => read?.kind === 'exact');
  const some = interfaces.filter(({ read }) => read?.kind === 'exact' || read?.kind === 'at-least');
  const fitted = some[0]?.read?.fitted ?? null;
  const byHead = some[0]?.read?.by === 'head';
  return exact.length > 0
    ? // features + 1 images determine a map with an intercept.
      {
        ability: 'map',
        observe: exact.map(({ observe }) => observe),
        sure: 'proven',
        queries: features + 1,
        stolen: features + 1,
      }
    : {
        ability: 'map',
        observe: some.map(({ observe }) => observe),
        sure: some.length > 0 ? 'measured' : 'not-found',
        queries: some.length > 0 ? fitted : null,
        stolen: fitted ?? 0,
        ...(byHead ? { head: true } : {}),
      };
}

/** Logits are affine in the features: features + 1 images determine the weights and the bias. */
function headOf({ interfaces, features }: AbilityFacts): AbilityAnswer {
  const observe = namesOf(interfaces.filter(isWhole));
  return observe.length > 0
    ? { ability: 'head', observe, sure: 'proven', queries: features + 1, stolen: features + 1 }
    : { ability: 'head', ...without('not-tried', { why: 'outputs' }) };
}

/** Whether such outputs are the logits up to a number that all classes share, on which no answer depends. */
const isWhole = ({ observe }: InterfaceAnswer): boolean =>
  parseObserve(observe).steps.every(({ step }) =>
    ['logits', 'temperature', 'log-probs', 'probs', 'log'].includes(step),
  );
