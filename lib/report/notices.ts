import { rowWarnings, shortSpec, type ModelRecord, type ResultRow, type Results } from '../experiments/index.js';
import { sameTransform } from '../images/index.js';
import { share } from './figures.js';
import { leftOutNotes } from './left-out.js';
import { by, list } from './words.js';

/** What a reader must know before the figures. */
export interface Notice {
  kind: 'failure' | 'left out' | 'collapse' | 'span' | 'alpha' | 'transform' | 'overlap' | 'other';
  text: string;
}

/** Where an answer is not what it looks like: one sentence or two for each kind, whatever number of rows it concerns. */
export function noticesOf(results: Results): Notice[] {
  const { rows, failures } = results;
  const notices: Notice[] = failures.map((text) => ({ kind: 'failure', text: `Failed check: ${text}` }));
  notices.push(...leftOutNotes(results.environment.datasets).map((text) => ({ kind: 'left out' as const, text })));
  for (const test of new Set(rows.map((row) => row.test)))
    notices.push(...ofTest(rows.filter((row) => row.test === test)));
  notices.push(...edges(rows));
  const { models } = results.environment;
  notices.push(...otherTransforms(models).map((text) => ({ kind: 'transform' as const, text })));
  notices.push(...unstatedTransforms(models).map((text) => ({ kind: 'transform' as const, text })));
  const others = rows.flatMap((row) => row.warnings.filter((text) => !rowWarnings(row).includes(text)));
  for (const text of new Set(others)) notices.push({ kind: 'other', text });
  return notices;
}

/** Of models whose files do not state it, those that were seen through the default one; a sentence for all of these. */
export function unstatedTransforms(
  models: readonly Pick<ModelRecord, 'name' | 'transform' | 'ownTransform'>[],
): string[] {
  const unstated = models.filter(({ transform, ownTransform }) => transform?.name === 'protocol' && !ownTransform);
  const foreign = [...new Set(unstated.map(({ name }) => name))];
  if (foreign.length === 0) return [];
  const every = foreign.length > 2 && foreign.length === new Set(models.map(({ name }) => name)).size;
  return [
    `${every ? `All ${foreign.length} models` : list(foreign)} ${foreign.length === 1 ? 'is' : 'are'} seen through ‘protocol’, the published recipe’s transform (a centred crop without resizing, ImageNet’s mean and deviation). Where a model was trained with another one, which its file does not say, its answers are not those given in use.`,
  ];
}

/** Of models whose files state their transform, those that were seen through another one; a sentence for each of these. */
export function otherTransforms(models: readonly Pick<ModelRecord, 'name' | 'transform' | 'ownTransform'>[]): string[] {
  const others = models.filter(
    ({ transform, ownTransform }) => transform && ownTransform && !sameTransform(transform, ownTransform),
  );
  return by(others, ({ transform }) => transform!.name).map((group) => {
    const names = [...new Set(group.map(({ name }) => name))];
    const [are, their] = names.length === 1 ? ['is', 'its file states'] : ['are', 'their files state'];
    return `${list(names)} ${are} seen through ‘${group[0].transform!.name}’ and not through the transform that ${their}: these are not the answers given in use. The transform ‘model’ takes the model’s own.`;
  });
}

function ofTest(rows: readonly ResultRow[]): Notice[] {
  const notices: Notice[] = [];
  const test = shortSpec(rows[0].test);
  const collapsed = new Map(
    rows.flatMap(({ target, majorityShare }) =>
      majorityShare !== null && majorityShare > 0.5 ? [[target, majorityShare] as const] : [],
    ),
  );
  if (collapsed.size > 0) {
    const named = [...collapsed].map(([target, value]) => `${share(value, 1)} of the answers of ${target}`);
    notices.push({
      kind: 'collapse',
      text: `Collapse: on ${test}, one class takes ${list(named)}. Agreement is then easy; kappa counts that out, and the transform ‘upsample’ spreads the answers.`,
    });
  }
  const outside = new Map(
    rows.flatMap(({ source, from, prior, inSpanShare }) =>
      prior === null && from === 'logits' && inSpanShare !== null && inSpanShare < 1
        ? [[source, 1 - inSpanShare] as const]
        : [],
    ),
  );
  if (outside.size > 0) {
    const named = [...outside].map(([source, value]) => `${share(value, 1)} of the logits of ${source}`);
    notices.push({
      kind: 'span',
      text: `Outside the span: on ${test}, ${list(named)} lie outside what the training logits span. There the data say nothing, and least squares takes the smallest map.`,
    });
  }
  const [{ overlap, train, nTest }] = rows;
  if (overlap > 0) {
    notices.push({
      kind: 'overlap',
      text: `${overlap} of the ${nTest} images of ${test} are in ${shortSpec(train)} too: they were not held out.`,
    });
  }
  return notices;
}

/** A best penalty at an end of the grid says that the grid was too short. */
function edges(rows: readonly ResultRow[]): Notice[] {
  const fitted = rows.filter(({ alpha, mse }) => alpha !== null && mse !== null);
  const key = ({ source, target, train, test, from, observe, prior }: ResultRow): string =>
    JSON.stringify([source, target, train, test, from, observe ?? null, prior]);
  return by(fitted, key).flatMap((group): Notice[] => {
    const alphas = group.map(({ alpha }) => alpha!);
    const [least, most] = [Math.min(...alphas), Math.max(...alphas)];
    const best = group.reduce((a, b) => (b.mse! < a.mse! ? b : a));
    const edge = best.alpha === most ? 'largest' : best.alpha === least && least > 0 ? 'smallest' : null;
    if (new Set(alphas).size < 3 || edge === null) return [];
    const { source, target, from, test } = best;
    return [
      {
        kind: 'alpha',
        text: `Alpha at the edge: for ${source} → ${target} from ${from} on ${shortSpec(test)} the error is least at α = ${best.alpha}, the ${edge} of the grid. A better one may lie beyond.`,
      },
    ];
  });
}
