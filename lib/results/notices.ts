import { makeTransform, sameTransform, type Transform } from '../images/index.js';
import { noticeInWords, type Normalisation, type Notice } from '../words/index.js';
import { collapse, toldByRow } from './row-warnings.js';
import { type ModelRecord, type ResultRow, type Results } from './types.js';
import { leftOutNotices } from './left-out.js';
import { differences, numbers } from './transforms.js';
import { by } from './words.js';

/**
 * What a reader must know before the figures of a result: one notice for each kind and test set, however many rows it
 * concerns, and none twice.
 */
export function noticesOf(results: Results): Notice[] {
  const { rows, failures, environment } = results;
  const { models } = environment;
  const notices: Notice[] = failures.map((failure) => ({ kind: 'failed-check', failure }));
  notices.push(...leftOutNotices(environment.datasets));
  for (const test of new Set(rows.map((row) => row.test)))
    notices.push(...ofTest(rows.filter((row) => row.test === test)).filter((notice) => !isAnswered(notice, results)));
  notices.push(...edges(rows));
  notices.push(...modelNotices(rows, models));
  for (const { warnings } of rows)
    for (const warning of warnings) if (!toldByRow.has(warning.kind)) notices.push({ kind: 'warning', warning });
  return by(notices, noticeInWords).map(([notice]) => notice);
}

/** What a reader must know of what models were shown: of images that were cropped, and of transforms. */
export const modelNotices = (rows: readonly ResultRow[], models: readonly SeenModel[]): Notice[] => [
  ...cropped(rows, models),
  ...transformNotices(models),
];

/** What a reader must know of the transforms that models were seen through. */
export const transformNotices = (models: readonly SeenModel[]): Notice[] => [
  ...otherTransforms(models),
  ...assumedTransforms(models),
  ...unstatedTransforms(models),
];

type OtherTransform = Extract<Notice, { kind: 'other-transform' }>;

type SeenModel = Pick<ModelRecord, 'name' | 'ownTransform' | 'transformAssumed'> & { transform: Transform | null };

/** Whether an audit's table answers a notice: it says how sure each interface is, whatever the span of a fit. */
const isAnswered = ({ kind }: Notice, results: Results): boolean =>
  kind === 'outside-span' && (results.leaks?.interfaces ?? []).length > 0;

const namesOf = (models: readonly { name: string }[]): string[] => [...new Set(models.map(({ name }) => name))];

/**
 * On models that collapse and saw only the middles of images: whole images may spread their answers. For models that state
 * a transform `otherTransforms` has one.
 */
function cropped(rows: readonly ResultRow[], models: readonly SeenModel[]): Notice[] {
  const collapsed = new Set(
    rows.flatMap(({ target, majorityShare }) => (majorityShare !== null && majorityShare > collapse ? target : [])),
  );
  const names = namesOf(
    models.filter(
      ({ name, transform, ownTransform }) =>
        collapsed.has(name) && !ownTransform && transform?.steps.every(({ op }) => op === 'centerCrop'),
    ),
  );
  return names.length === 0 ? [] : [{ kind: 'cropped', models: names }];
}

/** On models that were seen through another transform than their files state, for each transform. */
function otherTransforms(models: readonly SeenModel[]): Notice[] {
  const others = models.filter(
    ({ transform, ownTransform }) => transform && ownTransform && !sameTransform(transform, ownTransform),
  );
  // Two of one name are told apart by what differs: its numbers, or the steps.
  const apart = ({ transform, ownTransform }: SeenModel): Pick<OtherTransform, 'used' | 'stated'> =>
    transform!.name === ownTransform!.name ? differences(transform!, ownTransform!) : {};
  return by(others, (model) => JSON.stringify([model.transform!.name, apart(model)])).map((group) => ({
    kind: 'other-transform',
    models: namesOf(group),
    transform: group[0].transform!.name,
    ...apart(group[0]),
  }));
}

/** On models of unknown transform, for which the usual one for photographs is assumed. */
function assumedTransforms(models: readonly SeenModel[]): Notice[] {
  const assumed = models.filter(({ transformAssumed }) => transformAssumed);
  if (assumed.length === 0) return [];
  // A model that reads uint8 sees pixels as they are.
  const scaled = assumed.flatMap(({ transform }) => (transform && transform.scale !== 1 ? [transform] : []));
  return [
    {
      kind: 'assumed-transform',
      models: namesOf(assumed),
      scaled: by(scaled.map(normalisationOf), (each) => JSON.stringify(each)).map(([each]) => each),
    },
  ];
}

/** On models that state no transform and were seen through the default one, for each mean and deviation. */
function unstatedTransforms(models: readonly SeenModel[]): Notice[] {
  const unstated = models.flatMap(({ name, transform, ownTransform }) =>
    transform?.name === 'protocol' && !ownTransform ? [{ name, normalisation: normalisationOf(transform) }] : [],
  );
  return by(unstated, ({ normalisation }) => JSON.stringify(normalisation)).map((group) => {
    const names = namesOf(group);
    const all = names.length === namesOf(models).length;
    return { kind: 'unstated-transform', models: names, all, normalisation: group[0].normalisation };
  });
}

function normalisationOf({ mean, std }: Transform): Normalisation {
  const preset = makeTransform('protocol', [1, 1]);
  const published = numbers(mean) === numbers(preset.mean) && numbers(std) === numbers(preset.std);
  return { mean: numbers(mean), std: numbers(std), published };
}

/** On the rows of one test set: a collapse, images outside the span, images that were not held out. */
function ofTest(rows: readonly ResultRow[]): Notice[] {
  const notices: Notice[] = [];
  const { test } = rows[0];
  const collapsed = new Map(
    rows.flatMap(({ target, majorityShare }) =>
      majorityShare !== null && majorityShare > collapse ? [[target, majorityShare] as const] : [],
    ),
  );
  if (collapsed.size > 0) {
    const answers = [...collapsed].map(([target, share]) => ({ target, share }));
    notices.push({ kind: 'collapse', test, answers });
  }
  const outside = rows.filter(
    ({ prior, from, inSpanShare }) => prior === null && from === 'logits' && inSpanShare !== null && inSpanShare < 1,
  );
  if (outside.length > 0) {
    const logits = by(outside, ({ source, train }) => JSON.stringify([source, train])).map(([row]) => {
      const { source, train, nTrain, variations, inSpanShare } = row;
      // One model may be fitted on several sets of images.
      const several = rows.some((other) => other.source === source && other.train !== train);
      return { source, share: 1 - inSpanShare!, fitted: several ? { rows: nTrain, variations } : null };
    });
    notices.push({ kind: 'outside-span', test, logits });
  }
  for (const [{ overlap, train, nTest, variations = 1 }] of by(rows, (row) => row.train)) {
    if (overlap === 0) continue;
    notices.push({ kind: 'not-held-out', test, train, images: overlap, of: Math.round(nTest / variations) });
  }
  return notices;
}

/** On a best penalty at an end of the grid: the grid may be too short. */
function edges(rows: readonly ResultRow[]): Notice[] {
  const fitted = rows.filter(({ alpha, mse }) => alpha !== null && mse !== null);
  const key = ({ source, target, train, test, from, observe, prior }: ResultRow): string =>
    JSON.stringify([source, target, train, test, from, observe ?? null, prior]);
  return by(fitted, key).flatMap((group): Notice[] => {
    const alphas = group.map(({ alpha }) => alpha!);
    const [least, most] = [Math.min(...alphas), Math.max(...alphas)];
    const best = group.reduce((a, b) => (b.mse! < a.mse! ? b : a));
    const edge = best.alpha === most ? 'largest' : best.alpha === least && least > 0 ? 'smallest' : null;
    // Fits that are exact to rounding have no best penalty.
    const exact = best.r2 !== null && best.r2 > 1 - 1e-9;
    if (new Set(alphas).size < 3 || edge === null || exact) return [];
    const { source, target, test, observe, from, prior, alpha } = best;
    return [
      {
        ...{ kind: 'edge-of-grid', source, target, test, from: observe ?? from, prior: prior === 'head' },
        ...{ alpha: alpha!, edge },
      },
    ];
  });
}
