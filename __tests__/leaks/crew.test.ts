import { random } from '../../lib/base/index.js';
import { matrix, multiply, type Matrix } from '../../lib/linalg/index.js';
import { Crew } from '../../lib/leaks/crew.js';
import type { LaneResult, LaneTask } from '../../lib/leaks/lane.js';
import { runLane, searchedRows } from '../../lib/leaks/lane.js';
import { orthonormalised } from '../../lib/linalg/orthonormal.js';
import { findFacets } from '../../lib/leaks/rectified.js';
import { withOnes } from '../../lib/leaks/search.js';

/** Rectified normal numbers, whitened and turned. */
async function turned(n: number, r: number): Promise<Matrix> {
  const numbers = random(7, r);
  const features = matrix(
    n,
    r,
    Float64Array.from({ length: n * r }, () => (Math.max(0, numbers.normal()) - 0.399) / 0.584),
  );
  const rotation = matrix(
    r,
    r,
    Float64Array.from({ length: r * r }, () => numbers.normal()),
  );
  return multiply(features, await orthonormalised(rotation));
}

const [n, r] = [11_000, 24];
const noise = new Float64Array(r).fill(1e-16);

describe('a search on several threads', () => {
  it('finds the same functions, to the bit, as on one', async () => {
    const h = await turned(n, r);
    const ofOne = await findFacets({ h, noise }, { threads: 1, rounds: 2, most: 1 });
    const ofThree = await findFacets({ h, noise }, { threads: 3, rounds: 2, most: 1 });
    expect(ofOne.facets.rows).toBeGreaterThan(r / 2);
    expect(ofThree).toEqual(ofOne);
    // Of one function alone the ridges were asked for.
    expect(ofOne.certificates.filter(({ ridges }) => ridges.skipped)).toHaveLength(ofOne.facets.rows - 1);
  });

  it('gives all of it up by a signal, and what is under way by its end', async () => {
    const h = await turned(n, r);
    const reason = new Error('enough of it');
    const stop = new AbortController();
    const stopped = findFacets(
      { h, noise },
      { threads: 2, signal: stop.signal, onProgress: ({ unit }) => unit === 'starts' && stop.abort(reason) },
    );
    await expect(stopped).rejects.toBe(reason);
    const ended = new AbortController();
    const fit = await findFacets(
      { h, noise },
      { threads: 2, finish: ended.signal, onProgress: ({ unit }) => unit === 'starts' && ended.abort() },
    );
    expect(fit.cut).toBe(true);
  });
});

describe('a crew', () => {
  const start = Float64Array.from({ length: r }, (_, j) => (j === 3 ? 1 : 0));
  const task: LaneTask = { starts: [start], seed: 1, known: [], thorough: 'never' };
  const none: LaneResult = { found: [], opened: [], descents: 0 };

  it('answers in the order of the tasks, with what a lane finds here', async () => {
    const cloud = { rows: withOnes(await turned(n, r)), noise };
    const crew = new Crew(cloud.rows, 2);
    const other = { ...task, starts: [start.map((value) => -value)] };
    const inPlace = (): Promise<LaneResult> => Promise.reject(new Error('not on a thread'));
    const results = await crew.run(cloud, [task, other, task], {}, inPlace);
    await crew.close();
    const here = searchedRows(cloud.rows, cloud.noise);
    expect(results).toEqual([await runLane(here, task), await runLane(here, other), await runLane(here, task)]);
  });

  it('leaves to this thread what it cannot hand over, and all that comes after', async () => {
    const cloud = { rows: withOnes(await turned(n, r)), noise };
    const crew = new Crew(cloud.rows, 2);
    const unclonable = { ...task, seed: (() => 1) as unknown as number };
    const done: LaneTask[] = [];
    const inPlace = (of: LaneTask): Promise<LaneResult> => {
      done.push(of);
      return Promise.resolve(none);
    };
    expect(await crew.run(cloud, [unclonable, unclonable], {}, inPlace)).toEqual([none, none]);
    expect(await crew.run(cloud, [task], {}, inPlace)).toEqual([none]);
    expect(done).toEqual([unclonable, unclonable, task]);
    await crew.close();
  });

  it('starts no thread for rows of which memory holds no second copy, or with one core', async () => {
    const cloud = { rows: withOnes(await turned(20, 4)), noise };
    const large = { ...cloud.rows, data: { byteLength: 2 ** 30 } as Float64Array };
    for (const crew of [new Crew(large, 4), new Crew(cloud.rows, 1)]) {
      expect(await crew.run(cloud, [task], {}, () => Promise.resolve(none))).toEqual([none]);
    }
  });
});
