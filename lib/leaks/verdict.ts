import type { NotShownError } from '../base/index.js';
import {
  imagesPerOutput,
  nearlyAll,
  parseObserve,
  whole,
  whyUnknown,
  type Finding,
  type Reading,
  type Shown,
  type ShownReading,
} from '../words/index.js';
import type { Fingerprint } from './fingerprint.js';
import type { InterfaceBound } from './interfaces.js';
import type { RecoveryReport } from './recover.js';

/** One point of a leak curve: what a linear map reads off one interface. */
export interface LeakPoint extends Omit<Reading, 'penalised'> {
  /**
   * Share of images on which the model's head gives its own answer on the features read back. It does not say how much
   * is given away.
   */
  agreement?: number;
  /**
   * What is known of the R² where it was read off images that were kept out, with an interval. Absent where there is no
   * interval: then the number of images decides.
   */
  bound?: InterfaceBound['kind'];
  interval?: [number, number] | null;
  /** Share of the features that are read back with an R² above 0.99. */
  above99?: number | null;
  /** How the map read what is shown. Default `plain`. */
  by?: 'plain' | 'log';
}

/** What an audit measured, before it is judged. */
export interface AuditFindings {
  model: string;
  classes: number;
  features: number;
  /** Images whose outputs were looked at. */
  images: number;
  /** Variations of each image that were looked at, the image itself included. Default 1. */
  vary?: number;
  curve: readonly LeakPoint[];
  fingerprint: Fingerprint;
  recovery: RecoveryReport | null;
  /** R² of the vector that a sphere's certificate stands for, up to a rotation, beside the model's own features. */
  compared?: number | null;
  /** Why no recovery could be tried, as `recoverFeatures` tells it; null where one was. */
  untried: NotShownError['code'] | null;
  /** Variations of each image that would be enough for the whole search; null where there are enough images. */
  variations: number | null;
  /** Seconds that the audit was given, where none were left for a search; absent where one was made, or could not be. */
  skipped?: number;
  /** Seconds that the audits of one command share, where this is one of several. */
  shared?: number;
  /** Distinct images that the whole search takes; null or absent where that is not known. */
  needed?: number | null;
  /** Seconds that `variations` of each image take on this machine; null or absent where that is not known. */
  seconds?: number | null;
  /** What a search for rectified features alone takes, which is less; null or absent where there are enough images for it. */
  rectified?: { needed: number; variations: number } | null;
}

/** What an audit comes to. Plain: serialises to JSON. */
export interface Verdict {
  /**
   * What the outputs give away: features, or a normalised vector before the head, by the outputs alone (`features`); to
   * those who also have the features of some images: all of them (`map`), a tenth of their variance or more (`partly`),
   * or less (`little`); `unknown` where the images are too few to say. `r2` is the figure that it goes by.
   */
  level: 'features' | 'map' | 'partly' | 'little' | 'unknown';
  /** Share of the features' variance that the best map read off; null where it is not known. Missing in earlier results. */
  r2?: number | null;
  /** Share of the features that this map reads with an R² above 0.99. */
  above99?: number | null;
  /** What to tell the people whose model it is, the most important first; `findingsInWords` has the sentences. */
  findings: Finding[];
}

/** Judges an audit: its level, and its findings, each of which says one thing, the most important first. */
export function auditVerdict(findings: AuditFindings): Verdict {
  const { recovery, classes } = findings;
  const curve = findings.curve.filter(isKnown(classes));
  const best = bestOf(curve);
  // What is found in whole outputs is given away by publishing these alone.
  const isShown = findings.curve.length === 0 || findings.curve.some(({ observe }) => isWholeSpec(observe));
  const certified = recovery?.certified ?? false;
  const known = certified && isShown;
  const level = known ? 'features' : levelOf(best?.r2 ?? 0, curve.some(isEnough(classes)));
  return {
    level,
    r2: best?.r2 ?? null,
    above99: best?.above99 ?? null,
    findings: [
      recovery && known ? recovered(findings, recovery) : learnt(findings, best),
      ...asMuch(curve, best, known),
      ...less(curve),
      ...unclear(findings),
      ...(isShown ? behind(findings) : []),
      // Of rectified features the first finding says it.
      ...(known && recovery?.cut && recovery.kind !== 'rectified' ? [{ kind: 'search-ended' as const }] : []),
      ...(known
        ? []
        : isShown
          ? [aloneFinding(findings)]
          : [
              {
                kind: 'outputs-not-whole' as const,
                recovered: certified ? recovery!.features : null,
                ...(certified ? stoppedOf(recovery) : {}),
              },
            ]),
      ...(!known && isShown && findings.skipped !== undefined && findings.variations !== null
        ? [skippedOf(findings, findings.skipped)]
        : []),
    ],
  };
}

/** Seconds after which a search was stopped before it was through; nothing of one that was not. */
export const stoppedOf = (recovery: Pick<RecoveryReport, 'cut' | 'seconds'> | null): { stopped?: number } =>
  recovery?.cut ? { stopped: Math.max(1, Math.round(recovery.seconds)) } : {};

const skippedOf = ({ shared }: AuditFindings, budget: number): Finding => ({
  ...{ kind: 'search-skipped', budget },
  ...(shared === undefined ? {} : { shared }),
});

/** Whether an interface shows all logits, or their differences, at full precision. */
export const isWholeSpec = (observe: string): boolean =>
  parseObserve(observe).steps.every(({ step }) =>
    ['logits', 'temperature', 'log-probs', 'probs', 'log'].includes(step),
  );

/** The most telling reading, that of the logits where others tell no more than rounding does; null where none tells anything. */
function bestOf(points: readonly LeakPoint[]): LeakPoint | null {
  const most = points.reduce((r2, point) => Math.max(r2, point.r2), 0);
  const near = points.filter(({ r2 }) => r2 > 0 && r2 >= most - 1e-6);
  return near.find(({ observe }) => observe === 'logits') ?? near[0] ?? null;
}

const isKnown =
  (classes: number) =>
  (point: LeakPoint): boolean =>
    point.bound ? point.bound !== 'not-shown' : whyUnknown(point, classes) === null;

/** Whether what a map read is about as much as one of more images would, and no mere lower bound. */
const isEnough =
  (classes: number) =>
  ({ r2, fitted }: LeakPoint): boolean =>
    r2 >= nearlyAll || fitted === undefined || fitted >= imagesPerOutput * classes;

/** Share of variance below which what was read off is called little. */
const leastPartly = 0.1;

function levelOf(best: number, enough: boolean): Verdict['level'] {
  if (best >= nearlyAll) return 'map';
  if (best >= leastPartly) return 'partly';
  return enough ? 'little' : 'unknown';
}

function recovered(findings: AuditFindings, report: RecoveryReport): Finding {
  const { model, classes, features, images, vary = 1, compared = null } = findings;
  const of = { model, classes, features, images, vary };
  return report.kind === 'sphere'
    ? { kind: 'vector-recovered', ...of, compared }
    : { kind: 'features-recovered', ...of, recovered: report.features, ...stoppedOf(report) };
}

/** What somebody learns who has the features of some images. */
function learnt({ model, classes, features, curve, vary = 1 }: AuditFindings, best: LeakPoint | null): Finding {
  if (!best) return { kind: 'nothing-learnt', model, classes, features };
  const logits = curve.find(({ observe }) => observe === 'logits') ?? best;
  const { above99 = null } = best;
  return {
    ...{ kind: 'learnt', model, classes, features, fitted: logits.fitted ?? null, vary },
    ...(best.bound === 'exact' ? { exact: true } : {}),
    best: { ...readingOf(best), above99 },
  };
}

const shownAs = ({ observe, by }: LeakPoint): Shown => ({ observe, ...(by ? { by } : {}) });

const readingOf = (point: LeakPoint): ShownReading => ({
  ...{ ...shownAs(point), r2: point.r2 },
  ...(point.interval ? { interval: point.interval } : {}),
});

/** Interfaces that show as much as the logits do. */
function asMuch(points: readonly LeakPoint[], best: LeakPoint | null, recovered: boolean): Finding[] {
  const all = points.filter(
    (point) => point.r2 >= nearlyAll && (recovered || (point !== best && point.observe !== 'logits')),
  );
  const found = (some: readonly LeakPoint[], more: { exact?: boolean } = {}): Finding[] =>
    some.length === 0
      ? []
      : [
          {
            ...{ kind: 'shown-as-much', shown: some.map(shownAs), r2: Math.min(...some.map(({ r2 }) => r2)) },
            ...{ recovered, ...more },
          },
        ];
  if (recovered || best?.bound !== 'exact') return found(all);
  // For some interfaces the head's algebra proves it, for others it was measured: these are two findings.
  const isExact = ({ bound }: LeakPoint): boolean => bound === 'exact';
  return [
    ...found(all.filter(isExact), { exact: true }),
    ...found(
      all.filter((point) => !isExact(point)),
      { exact: false },
    ),
  ];
}

/** The interfaces that show most and least of those that show less than the logits; the others are in the table. */
function less(points: readonly LeakPoint[]): Finding[] {
  const some = points
    .filter(({ r2, observe }) => r2 < nearlyAll && !whole.includes(observe))
    .sort((a, b) => b.r2 - a.r2);
  if (some.length === 0) return [];
  const ends = [some[0], some[some.length - 1]].map(readingOf);
  const [most, least] = ends;
  // Where there are more features than classes, a map may read more off probabilities than off the logits.
  const isLess = points.some(({ observe, r2 }) => whole.includes(observe) && r2 > most.r2);
  return [{ kind: 'shown-less', most, least: some.length > 1 ? least : null, isLess }];
}

/** Interfaces for which these images cannot say what is given away. */
function unclear({ curve, classes }: AuditFindings): Finding[] {
  const open = curve.filter((point) => !isKnown(classes)(point) && !whole.includes(point.observe));
  const isFew = (point: LeakPoint): boolean => !point.bound && !isEnough(classes)(point);
  const few = open.filter(isFew);
  const worse = open.filter((point) => !isFew(point));
  const observes = (points: readonly LeakPoint[]): string[] => points.map(({ observe }) => observe);
  return [
    ...(few.length > 0
      ? [
          {
            ...{ kind: 'images-too-few' as const, shown: observes(few), numbers: classes },
            ...{ needed: imagesPerOutput * classes, fitted: few[0].fitted! },
          },
        ]
      : []),
    ...(worse.length > 0 ? [{ kind: 'not-read' as const, shown: observes(worse) }] : []),
  ];
}

/** What the outputs show of the model itself. */
function behind({ fingerprint: { rank, hiddenWidth }, features }: AuditFindings): Finding[] {
  if (rank === null || hiddenWidth === null) return [];
  return [{ kind: 'width-shown', width: rank, exact: hiddenWidth === features, features }];
}

/** Why somebody who has nothing but the outputs recovers no features, where none were recovered. */
export function aloneFinding(findings: AuditFindings): Finding {
  const {
    classes,
    features,
    recovery,
    untried,
    variations,
    needed = null,
    rectified = null,
    seconds = null,
  } = findings;
  if (features > classes) return { kind: 'more-features-than-outputs', features, classes };
  if (features === classes) return { kind: 'as-many-features-as-outputs', classes };
  if (findings.skipped !== undefined && variations === null) return skippedOf(findings, findings.skipped);
  const search = recovery?.sentence ?? null;
  if (variations !== null)
    return {
      kind: 'more-images-needed',
      needed,
      variations,
      rectified,
      search,
      ...(seconds === null ? {} : { seconds }),
      ...stoppedOf(recovery),
    };
  if (search !== null) return { kind: 'search-without-result', search, rows: false, ...stoppedOf(recovery) };
  return { kind: untried === 'hidden' ? 'outputs-hidden' : 'no-gap', rows: false };
}
