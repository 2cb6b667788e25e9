import { applyLinearMap, type CrossValidationOptions } from '../fit/index.js';
import { toNdArray, type LinearMap, type RowSource } from '../tensor/index.js';
import { evaluateAgreement } from './evaluate-agreement.js';

/** Rows of a held-out fold that are in memory at a time. */
const rowsAtOnce = 4096;

/**
 * A score for `crossValidate`: how often the head names the same class on what each map makes of x as on the true features y.
 * One pass over a fold's rows serves all maps.
 * @param head of the model whose features y are: weight (c, d), bias (c)
 * @param x what the maps read (n, p)
 * @param y (n, d)
 */
export function foldAgreement(
  head: LinearMap,
  x: RowSource,
  y: RowSource,
): NonNullable<CrossValidationOptions['score']> {
  const original = applyLinearMap(head, y);
  return async (maps, fold) => {
    const [from, answers] = [fold.of(x), fold.of(original)];
    const agreed = maps.map(() => 0);
    for (let start = 0; start < fold.n; start += rowsAtOnce) {
      const end = Math.min(fold.n, start + rowsAtOnce);
      const block = await inMemory(from, start, end);
      const logits = await inMemory(answers, start, end);
      for (const [i, map] of maps.entries()) {
        agreed[i] += (await evaluateAgreement(head, await applyLinearMap(map, block), logits)).agreed;
      }
    }
    return agreed.map((count) => count / fold.n);
  };
}

const inMemory = async (source: RowSource, start: number, end: number) =>
  toNdArray(Float64Array.from(await source.read(start, end)), [end - start, source.cols]);
