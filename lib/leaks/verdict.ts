import type { NotShownError } from '../base/index.js';
import {
  imagesPerOutput,
  nearlyAll,
  whole,
  whyUnknown,
  type Finding,
  type Reading,
  type Shown,
} from '../words/index.js';
import type { Fingerprint } from './fingerprint.js';
import type { InterfaceBound } from './interfaces.js';
import type { RecoveryReport } from './recover.js';

/** One point of a leak curve: what a linear map learns from outputs of which so much is shown. */
export interface LeakPoint extends Omit<Reading, 'penalised'> {
  /** Share of images on which the model's head gives its own answer on the features read back. No measure of what is out. */
  agreement?: number;
  /**
   * What is known of the R², where it was read off images that were kept out, with an interval; absent where the number of
   * images has to say it.
   */
  bound?: InterfaceBound['kind'];
  /** Share of the features that are read back with an R² above 0.99. */
  above99?: number | null;
  /** How the map read what is shown. Default as it stands. */
  by?: 'plain' | 'log';
}

/** What an audit measured, before it is judged. */
export interface AuditFindings {
  model: string;
  classes: number;
  features: number;
  /** Images whose outputs were looked at. */
  images: number;
  /** Variations in which each of them was looked at, itself one of them. Default 1. */
  vary?: number;
  curve: readonly LeakPoint[];
  fingerprint: Fingerprint;
  recovery: RecoveryReport | null;
  /** R² of the vector that a sphere's certificate stands for, up to a rotation, beside the model's own features. */
  compared?: number | null;
  /** Why no recovery could be tried, as `recoverFeatures` tells it; null where one was. */
  untried: NotShownError['code'] | null;
  /** As how many variations each image would be enough to try all of it; null where there are enough. */
  variations: number | null;
  /** Distinct images that all of it takes; null or absent where that is not known. */
  needed?: number | null;
  /** Seconds that so many variations take here; null or absent where that is not known. */
  seconds?: number | null;
  /** What a search for rectified features alone takes, which is less; null or absent where there are enough images for it. */
  rectified?: { needed: number; variations: number } | null;
}

export interface Verdict {
  /**
   * What is out: features, or a normalised vector before the head, by the outputs alone (`features`); to those who also have
   * the features of some images: all of them (`map`), a tenth of their variance or more (`partly`), or less (`little`);
   * `unknown` where the images are too few to say. `r2` is the figure that it goes by.
   */
  level: 'features' | 'map' | 'partly' | 'little' | 'unknown';
  /** Share of the features' variance that the best map read off; null where it is not known. Missing in earlier results. */
  r2?: number | null;
  /** Share of the features that this map reads with an R² above 0.99. */
  above99?: number | null;
  /** What to tell the people whose model it is, the most important first; `findingsInWords` has the sentences. */
  findings: Finding[];
}

/**
 * What to tell the people whose model it is: seven findings at most, each of which says one thing.
 */
export function auditVerdict(findings: AuditFindings): Verdict {
  const { recovery, classes } = findings;
  const curve = findings.curve.filter(isKnown(classes));
  const best = bestOf(curve);
  const known = recovery?.certified ?? false;
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
      ...behind(findings),
      ...(known && recovery?.cut ? [{ kind: 'search-ended' as const }] : []),
      ...(known ? [] : [aloneFinding(findings)]),
    ],
  };
}

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

/** A share of variance below which what was read off is called little. */
const aTenth = 0.1;

function levelOf(best: number, enough: boolean): Verdict['level'] {
  if (best >= nearlyAll) return 'map';
  if (best >= aTenth) return 'partly';
  return enough ? 'little' : 'unknown';
}

function recovered(findings: AuditFindings, report: RecoveryReport): Finding {
  const { model, classes, features, images, vary = 1, compared = null } = findings;
  const of = { model, classes, features, images, vary };
  return report.kind === 'sphere'
    ? { kind: 'vector-recovered', ...of, compared }
    : { kind: 'features-recovered', ...of, recovered: report.features };
}

/** What those learn who have the features of some images to begin with. */
function learnt({ model, classes, features, curve, vary = 1 }: AuditFindings, best: LeakPoint | null): Finding {
  if (!best) return { kind: 'nothing-learnt', model, classes, features };
  const of = curve.find(({ observe }) => observe === 'logits') ?? best;
  const { r2, above99 = null } = best;
  return {
    ...{ kind: 'learnt', model, classes, features, fitted: of.fitted ?? null, vary },
    ...(best.bound === 'exact' ? { exact: true } : {}),
    best: { ...shownAs(best), r2, above99 },
  };
}

const shownAs = ({ observe, by }: LeakPoint): Shown => ({ observe, ...(by ? { by } : {}) });

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
  // What the head's algebra says of some is not said of those of which it was measured.
  const isExact = ({ bound }: LeakPoint): boolean => bound === 'exact';
  return [
    ...found(all.filter(isExact), { exact: true }),
    ...found(
      all.filter((point) => !isExact(point)),
      { exact: false },
    ),
  ];
}

/** Interfaces that show less, the two ends of them; the others are in the table. */
function less(points: readonly LeakPoint[]): Finding[] {
  const some = points
    .filter(({ r2, observe }) => r2 < nearlyAll && !whole.includes(observe))
    .sort((a, b) => b.r2 - a.r2);
  if (some.length === 0) return [];
  const ends = [some[0], some[some.length - 1]].map((point) => ({ ...shownAs(point), r2: point.r2 }));
  const [most, least] = ends;
  // Where there are more features than classes, a map may read more off probabilities than off the logits.
  const isLess = points.some(({ observe, r2 }) => whole.includes(observe) && r2 > most.r2);
  return [{ kind: 'shown-less', most, least: some.length > 1 ? least : null, isLess }];
}

/** Interfaces of which these images cannot say what they give away. */
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

/** What stands in the way of those who have the outputs and nothing else, where nothing came back. */
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
  const search = recovery?.sentence ?? null;
  if (variations !== null)
    return {
      kind: 'more-images-needed',
      needed,
      variations,
      rectified,
      search,
      ...(seconds === null ? {} : { seconds }),
    };
  if (search !== null) return { kind: 'search-without-result', search, rows: false };
  return { kind: untried === 'hidden' ? 'outputs-hidden' : 'no-gap', rows: false };
}
