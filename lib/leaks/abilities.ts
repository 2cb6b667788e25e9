import type { NotShownError } from '../base/index.js';
import type { AbilityAnswer, Advice, InterfaceAnswer } from './interfaces.js';
import type { RecoveryReport } from './recover.js';

/** What the table of who can do what is made of. */
export interface AbilityFacts {
  classes: number;
  features: number;
  /** Distinct outputs that were looked at. */
  outputs: number;
  interfaces: readonly InterfaceAnswer[];
  recovery: RecoveryReport | null;
  untried: NotShownError['code'] | null;
  /** Distinct outputs that a search takes, for either kind; null where that is not known. */
  needed: { sphere: number; rectified: number } | null;
}

/** Who can do what with a model's outputs, one line an ability. */
export function abilitiesOf(facts: AbilityFacts): AbilityAnswer[] {
  const { interfaces, features, classes, outputs } = facts;
  const wide = features >= classes;
  const with_ = (test: (answer: InterfaceAnswer) => boolean): string[] =>
    interfaces.filter(test).map(({ observe }) => observe);
  const widths = with_(({ width }) => width !== null);
  const recognised = with_(({ recognised: found }) => found === 'yes');
  const tooFew = interfaces.every(({ recognised: found }) => found === null);
  const looked = (observe: string[], queries: number): Omit<AbilityAnswer, 'ability'> => ({
    observe,
    sure: observe.length > 0 ? 'measured' : wide ? 'impossible' : tooFew ? 'not-tried' : 'not-found',
    queries: observe.length > 0 ? queries : null,
    stolen: 0,
  });
  return [
    { ability: 'width', ...looked(widths, outputs) },
    { ability: 'recognise', ...looked(recognised, outputs) },
    { ability: 'features', ...recovered(facts, 'rectified') },
    { ability: 'rotation', ...recovered(facts, 'sphere') },
    mapOf(facts),
    headOf(facts),
  ];
}

/** By the outputs alone: certified, or not. */
function recovered(
  { recovery, untried, needed, outputs, features, classes, interfaces }: AbilityFacts,
  kind: 'rectified' | 'sphere',
): Omit<AbilityAnswer, 'ability'> {
  const none = { observe: [], stolen: 0 };
  if (features >= classes) return { ...none, sure: 'impossible', queries: null };
  if (recovery?.certified && recovery.kind === kind) {
    return {
      observe: interfaces.filter(isWhole).map(({ observe }) => observe),
      sure: 'proven',
      queries: outputs,
      stolen: 0,
    };
  }
  const wanted = needed?.[kind] ?? null;
  if (recovery === null || (wanted !== null && outputs < wanted)) {
    return {
      ...none,
      sure: untried === null || untried === 'too-few-rows' ? 'not-tried' : 'not-found',
      queries: wanted,
    };
  }
  return { ...none, sure: 'not-found', queries: null };
}

/** Outputs of full precision are the logits, but for what all classes have in common. */
const isWhole = ({ observe }: InterfaceAnswer): boolean => ['logits', 'log-probs', 'probs'].includes(observe);

function mapOf({ interfaces, features }: AbilityFacts): AbilityAnswer {
  const exact = interfaces.filter(({ read }) => read?.kind === 'exact');
  const some = interfaces.filter(({ read }) => read?.kind === 'exact' || read?.kind === 'at-least');
  const fitted = some[0]?.read?.fitted ?? null;
  return exact.length > 0
    ? // As many as determine a map, an intercept with it.
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
      };
}

/** Logits are linear in the features: those of one image more than there are features determine weights and bias. */
function headOf({ interfaces, features }: AbilityFacts): AbilityAnswer {
  const observe = interfaces.filter(isWhole).map(({ observe: spec }) => spec);
  return observe.length > 0
    ? { ability: 'head', observe, sure: 'proven', queries: features + 1, stolen: features + 1 }
    : { ability: 'head', observe, sure: 'not-tried', queries: null, stolen: 0 };
}

/** Shares of the features' variance that are asked about. */
const asked = [0.5, 0.25, 0.1];

/**
 * The first interface, from the one that gives away most on, off which less than a share was read, its interval included. One of
 * which nothing is known is never advised.
 */
export function adviceOf(interfaces: readonly InterfaceAnswer[]): Advice[] {
  const known = interfaces.filter(({ read }) => read !== null).sort((a, b) => b.read!.r2 - a.read!.r2);
  return asked.map((below) => ({
    below,
    observe:
      known.find(({ read }) => read!.kind === 'at-least' && read!.interval !== null && read!.interval[1] < below)
        ?.observe ?? null,
  }));
}
