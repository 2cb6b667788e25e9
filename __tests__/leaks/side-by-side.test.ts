import { multiplyVector, matrix, type Matrix } from '../../lib/linalg/index.js';
import { sideBySide, type Times } from '../../lib/leaks/side-by-side.js';
import { random } from '../../lib/base/index.js';

function drawn(rows: number, cols: number, seed: number): Matrix {
  const numbers = random(seed, cols);
  return matrix(
    rows,
    cols,
    new Float64Array(rows * cols).map(() => numbers.normal()),
  );
}

const rows = drawn(500, 7, 1);
const others = drawn(90, 7, 2);
const vector = (seed: number): Float64Array => drawn(1, 7, seed).data;
const far = (a: Float64Array, b: Float64Array): number =>
  a.reduce((most, value, i) => Math.max(most, Math.abs(value - b[i])), 0);

describe('works side by side', () => {
  it('gives each work its own products, though they ask for unequal numbers of them and of two matrices', async () => {
    const work =
      (seed: number, asks: number) =>
      async (times: Times): Promise<Float64Array[]> => {
        const products: Float64Array[] = [];
        for (let k = 0; k < asks; k++)
          products.push(await times((seed + k) % 2 ? rows : others, vector(seed + 10 * k)));
        return products;
      };
    const asks = [3, 1, 0, 5, 2];
    const all = await sideBySide(asks.map((n, seed) => work(seed, n)));
    for (const [seed, products] of all.entries()) {
      expect(products).toHaveLength(asks[seed]);
      for (const [k, product] of products.entries()) {
        const alone = await multiplyVector((seed + k) % 2 ? rows : others, vector(seed + 10 * k));
        expect(product).toHaveLength(alone.length);
        expect(far(product, alone)).toBeLessThan(1e-13);
      }
    }
  });

  it('waits for works that do something else in between', async () => {
    const slow = async (times: Times): Promise<number> => {
      await new Promise((resolve) => setTimeout(resolve, 20));
      return (await times(rows, vector(1))).length;
    };
    const quick = async (times: Times): Promise<number> => (await times(rows, vector(2))).length;
    expect(await sideBySide([slow, quick])).toEqual([500, 500]);
  });

  it('ends only when all have ended, and throws the first error', async () => {
    let ended = false;
    const failing = async (): Promise<never> => {
      throw new RangeError('failed');
    };
    const other = async (times: Times): Promise<void> => {
      await times(rows, vector(1));
      await new Promise((resolve) => setTimeout(resolve, 20));
      ended = true;
    };
    await expect(sideBySide([failing, other])).rejects.toThrow(RangeError);
    expect(ended).toBe(true);
  });

  it('hands the error of a product to each work that waits for it', async () => {
    const wrong = matrix(3, 7, new Float64Array(5));
    const work = async (times: Times): Promise<string> =>
      times(wrong, vector(1)).then(
        () => 'done',
        () => 'failed',
      );
    expect(await sideBySide([work, work])).toEqual(['failed', 'failed']);
  });

  it('of no works at all is nothing', async () => {
    expect(await sideBySide([])).toEqual([]);
  });
});
