import type { TaskOptions } from '../base/index.js';
import type { Store } from '../extract/index.js';
import { observe } from '../leaks/index.js';
import { chooseRows, type RowSource } from '../tensor/index.js';
import type { Results } from '../results/index.js';
import { isNoisy, parseObserve, type ToldApart } from '../words/index.js';
import { Extraction, type Role } from './extraction.js';
import type { CommonOptions } from './options.js';
import { isSameNumber } from './same-number.js';

/**
 * Whether outsiders tell two models apart who ask both about the same images: row by row, what either shows. It differs where another
 * class is named, or a number is another one.
 * @param observes what may be published
 * @returns null where the models have different numbers of outputs, which anybody counts
 */
export async function toldApart(
  [a, b]: readonly [Pick<Store, 'logits' | 'positions'>, Pick<Store, 'logits' | 'positions'>],
  observes: readonly string[],
  { signal }: TaskOptions = {},
): Promise<ToldApart[] | null> {
  if (a.logits.cols !== b.logits.cols) return null;
  const rowOf = new Map(Array.from(b.positions, (position, row) => [position, row]));
  const shared = Array.from(a.positions, (position, row) => [row, rowOf.get(position) ?? -1]).filter(
    ([, row]) => row >= 0,
  );
  const [one, other] = [a, b].map(({ logits }, i) =>
    chooseRows(
      logits,
      Int32Array.from(shared, (rows) => rows[i]),
    ),
  );
  const found: ToldApart[] = [];
  // Noise differs between two answers of one model, too: it tells nothing.
  for (const spec of observes.filter((each) => !isNoisy(each))) {
    signal?.throwIfAborted();
    found.push({ observe: spec, images: shared.length, differ: await rowsThatDiffer(one, other, spec) });
  }
  return found;
}

async function rowsThatDiffer(a: RowSource, b: RowSource, spec: string): Promise<number> {
  const listed = parseObserve(spec).steps.find(({ step }) => step === 'topk') as { k: number } | undefined;
  // Listed classes are seen even where their numbers are rounded to 0.
  const [here, there] = listed ? [a, b].map((logits) => observe(logits, `probs+topk:${listed.k}`)) : [];
  const [one, other] = [observe(a, spec), observe(b, spec)];
  const { rows, cols } = a;
  const step = Math.max(1, Math.floor(2 ** 20 / cols));
  let differ = 0;
  for (let start = 0; start < rows; start += step) {
    const end = Math.min(rows, start + step);
    const [x, y] = [await one.read(start, end), await other.read(start, end)];
    const [p, q] = here ? [await here.read(start, end), await there.read(start, end)] : [];
    for (let at = 0; at < x.length; at += cols) {
      let same = true;
      for (let j = at; same && j < at + cols; j++) {
        same = isSameNumber(x[j], y[j]) && (!p || p[j] > 0 === q![j] > 0);
      }
      if (!same) differ++;
    }
  }
  return differ;
}

/** The same for two models on a data set, whose stores are used where they are there. */
export async function modelsToldApart(
  models: readonly [string, string],
  dataset: string,
  observes: readonly string[],
  options: CommonOptions & { stores: string },
): Promise<ToldApart[] | null> {
  const extraction = new Extraction(options);
  try {
    const stores: Store[] = [];
    for (const path of models) {
      const role: Role = { path, transform: options.transform, unstated: 'imagenet' };
      stores.push((await extraction.of(role, dataset)).store);
    }
    return await toldApart([stores[0], stores[1]], observes, options);
  } finally {
    await extraction.close();
  }
}

/** Two audits that know of each other on how many images their models show something else. */
export const withToldApart = (
  audits: readonly [Results, Results],
  answers: readonly ToldApart[] | null,
): [Results, Results] => {
  const [a, b] = audits;
  const beside = (results: Results, other: Results): Results => ({
    ...results,
    leaks: results.leaks && {
      ...results.leaks,
      toldApart: { beside: other.environment.models[0].digest, answers: answers && [...answers] },
    },
  });
  return [beside(a, b), beside(b, a)];
};
