import { describe, expect, it } from '@jest/globals';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import {
  compareUpToRotation,
  identifiableFeatures,
  matchFeatures,
  observe,
  recoverFeatures,
  recoveredRows,
  recoveryHead,
} from '../../lib/leaks/index.js';
import { applyLinearMap } from '../../lib/fit/index.js';
import { matrix } from '../../lib/linalg/index.js';
import { descend } from '../../lib/leaks/facet.js';
import { withOnes } from '../../lib/leaks/search.js';
import { memoryRows, sliceRows, type RowSource } from '../../lib/tensor/index.js';
import { all, logitsOf, made, madeFeatures, madeHead, numbers } from './data.js';
import { coded, naming } from '../support/coded.js';

/** The largest difference of two matrices, over the largest number in the second. */
async function difference(a: RowSource, b: RowSource): Promise<number> {
  const [x, y] = [await all(a), await all(b)];
  let [worst, size] = [0, 0];
  x.forEach((value, i) => (worst = Math.max(worst, Math.abs(value - y[i]))));
  y.forEach((value) => (size = Math.max(size, Math.abs(value))));
  return worst / size;
}

describe('features behind a normalisation, from outputs alone', () => {
  const { features, logits } = made('sphere', 1500, 24, 60);

  it.each([
    ['logits', 1e-9],
    ['probs', 1e-9],
    ['log-probs', 1e-9],
    ['logits+round:4', 1e-5],
    ['logits+float16', 1e-3],
  ])('%s: up to a rotation', async (spec, bar) => {
    const recovery = await recoverFeatures(observe(logits, spec));
    expect(recovery.report).toMatchObject({ kind: 'sphere', certified: true, rank: 23, features: 23 });
    const compared = await compareUpToRotation(recovery.features!, features);
    expect(1 - compared.r2).toBeLessThan(bar);
    expect(1 - compared.cosineCorrelation).toBeLessThan(bar);
    if (bar < 1e-4) expect(compared.equalNeighbours).toBe(1);
    // What the certificate expects is no better than what is true, within a factor.
    expect(1 - compared.r2).toBeLessThan(4 * (1 - recovery.report.sphere!.expectedR2) + 1e-12);
  });

  it('also with scales and shifts of the normalisation, which are no secret to the head alone', async () => {
    const scaled = Float32Array.from(
      await all(features),
      (value, i) => value * (0.5 + (i % 24) / 12) + Math.sin(i % 24),
    );
    const recovery = await recoverFeatures(logitsOf(scaled, 24, madeHead(60, 24)));
    const compared = await compareUpToRotation(recovery.features!, memoryRows(scaled, 1500, 24));
    expect(compared.normalised).toBe(true);
    expect(1 - compared.r2).toBeLessThan(1e-9);
  });

  it('with a head that gives the outputs back', async () => {
    const recovery = await recoverFeatures(logits);
    const head = await recoveryHead(recovery, logits);
    expect(await difference(applyLinearMap(head, recoveredRows(recovery)), logits)).toBeLessThan(1e-5);
  });

  it('says how many rows it takes', async () => {
    await expect(recoverFeatures(sliceRows(logits, 0, 200), { kind: 'sphere' })).rejects.toThrow(
      coded('too-few-rows', '200', '23', '408'),
    );
  });

  it('counts copies once', async () => {
    const data = new Float32Array(300 * 60);
    const source = await all(logits);
    for (let i = 0; i < 300; i++) data.set(source.subarray((i % 100) * 60, (i % 100) * 60 + 60), i * 60);
    await expect(recoverFeatures(memoryRows(data, 300, 60))).rejects.toThrow(
      coded('too-few-rows', '100', '300', '200'),
    );
  });
});

describe('rectified features, from outputs alone', () => {
  const { features, logits } = made('rectified', 6000, 16, 40);

  it.each(['logits', 'probs'])('%s: every one that the images identify, none of them wrong', async (spec) => {
    const recovery = await recoverFeatures(observe(logits, spec), { kind: 'rectified' });
    expect(recovery.report).toMatchObject({ kind: 'rectified', certified: true, rank: 16 });
    const identifiable = (await identifiableFeatures(features)).filter((feature) => feature.identifiable);
    const matched = await matchFeatures(recovery.features!, features);
    expect(1 - matched.worst).toBeLessThan(1e-9);
    expect(new Set(matched.truth)).toEqual(new Set(identifiable.map(({ feature }) => feature)));
    expect(identifiable.length).toBeGreaterThan(12);
  });

  it('auto: the sphere is tried and rejected', async () => {
    const { report } = await recoverFeatures(logits, { kind: 'auto' });
    expect(report.sphere).toMatchObject({ holds: false });
    expect(report.kind).toBe('rectified');
    expect(JSON.parse(JSON.stringify(report))).toEqual(report);
  });

  it('what no image switches off stays open, and a head over all of it gives the outputs back', async () => {
    const hidden = Float32Array.from(await all(features), (value, i) =>
      i % 16 < 2 ? value + Math.abs(Math.sin(1.7 * i)) : value,
    );
    const outputs = logitsOf(hidden, 16, madeHead(40, 16));
    const starts = new Map<string, number>();
    const recovery = await recoverFeatures(outputs, {
      kind: 'rectified',
      onProgress: ({ stage, total, unit }) => unit === 'starts' && starts.set(stage, total),
    });
    expect(recovery.report.features).toBe(14);
    // The two directions left have their round; the one after it takes random starts, too.
    expect([...starts.values()].slice(-2)).toEqual([2, 16]);
    expect(recovery.rest!.shape).toEqual([6000, 2]);
    const matched = await matchFeatures(recovery.features!, memoryRows(hidden, 6000, 16));
    expect(1 - matched.worst).toBeLessThan(1e-9);
    expect(recovery.report.sentence).toMatch(naming(2, 'invertible'));
    const head = await recoveryHead(recovery, outputs);
    expect(await difference(applyLinearMap(head, recoveredRows(recovery)), outputs)).toBeLessThan(1e-5);
  });

  it('nothing wrong is certified where one feature is zero only where another is', async () => {
    // b is active on a few images that a is active on: a has no zeros of its own beside b, so a − t b is a facet, too.
    const data = Float32Array.from(await all(features));
    for (let i = 0; i < 6000; i++) if (!(data[i * 16] > 0 && i % 40 === 0)) data[i * 16 + 1] = 0;
    const recovery = await recoverFeatures(logitsOf(data, 16, madeHead(40, 16)), { kind: 'rectified' });
    // One ridge is open, and the others are too few to say that no more are: nothing is said to be a feature.
    expect(recovery.features).toBeNull();
    const matched = await matchFeatures(recovery.functions!, memoryRows(data, 6000, 16));
    expect(recovery.report.certifiedAs!.function).toBeGreaterThan(10);
    expect(1 - matched.worst).toBeLessThan(1e-9);
    expect(matched.truth).not.toContain(0);
    expect((await identifiableFeatures(memoryRows(data, 6000, 16)))[0].identifiable).toBe(false);
  });

  it('one that outputs hardly depend on is found by what rounding leaves of it', async () => {
    const [n, d] = [2400, 8];
    // So weak that rounding the outputs is more than 5e-6 of it.
    const weak = madeFeatures('rectified', n, d, 5).map((value, i) => (i % d === 2 ? value * 0.01 : value));
    const { features, report } = await recoverFeatures(logitsOf(weak, d, madeHead(18, d)), { kind: 'rectified' });
    const matched = await matchFeatures(features!, memoryRows(weak, n, d));
    expect(matched.truth).toContain(2);
    expect(1 - matched.worst).toBeLessThan(1e-6);
    expect(new Set(matched.truth).size).toBe(report.features);
  });

  it('what is not told from its mirror image is counted and left out', async () => {
    const [n, d] = [2400, 8];
    const features = madeFeatures('rectified', n, d, 5).map((value, i, data) =>
      i % d === 3 ? Math.max(0, data[i - 3] - data[i - 2] + 0.5 * data[i - 1]) : value,
    );
    const { report } = await recoverFeatures(logitsOf(features, d, madeHead(18, d)), { kind: 'rectified' });
    const refused = report.rectified!.filter(({ tests }) => tests.mirror === 'failed');
    expect(refused.length).toBe(2);
    expect(refused.every(({ certifiedAs }) => certifiedAs === 'function')).toBe(true);
    expect(report.sentence).toMatch(naming(2, 'mirror'));
  });

  it('starts and results are the same for the same seed', async () => {
    const [a, b] = [
      await recoverFeatures(logits, { kind: 'rectified', seed: 3 }),
      await recoverFeatures(logits, { kind: 'rectified', seed: 3 }),
    ];
    expect(a.features!.data).toEqual(b.features!.data);
  });
});

describe('neither', () => {
  it.each([
    ['silu', 16],
    ['mean of normalised', 15],
  ] as const)('%s: a sentence, and no features', async (shape, rank) => {
    const recovery = await recoverFeatures(made(shape, 4000, 16, 40).logits);
    expect(recovery.features).toBeNull();
    expect(recovery.report).toMatchObject({ kind: null, certified: false, features: 0, rank });
    expect(recovery.report.sentence).toMatch(naming('invertible map'));
    expect(() => recoveredRows(recovery)).toThrow(coded('bad-input', 'certificate'));
  });

  it('more features than classes', async () => {
    await expect(recoverFeatures(made('sphere', 600, 24, 16).logits)).rejects.toThrow(coded('no-gap'));
  });

  it('hidden outputs, zeros among probabilities, an unknown kind', async () => {
    const { logits } = made('sphere', 600, 16, 30);
    await expect(recoverFeatures(observe(logits, 'probs+topk:5'))).rejects.toThrow(coded('hidden', '5'));
    await expect(recoverFeatures(observe(logits, 'probs+round:2'))).rejects.toThrow(coded('hidden', '0'));
    await expect(recoverFeatures(logits, { kind: 'cube' as 'sphere' })).rejects.toThrow("found 'cube'");
  });

  it('stops when asked to, and tells how far it is', async () => {
    const { logits } = made('sphere', 600, 16, 30);
    await expect(recoverFeatures(logits, { signal: AbortSignal.abort() })).rejects.toThrow();
    const stages = new Set<string>();
    await recoverFeatures(logits, { onProgress: ({ stage }) => stages.add(stage.split(',')[0]) });
    expect(stages).toContainEqual(expect.stringContaining('normalised'));
  });
});

describe('comparing with known features', () => {
  it('sees a rotation and a shift as nothing, and noise as what it is', async () => {
    const truth = madeFeatures('silu', 800, 3);
    const turned = new Float32Array(truth.length);
    const noisy = new Float32Array(truth.length);
    const [c, s] = [Math.cos(0.7), Math.sin(0.7)];
    for (let i = 0; i < truth.length; i += 3) {
      turned.set([c * truth[i] - s * truth[i + 1] + 5, s * truth[i] + c * truth[i + 1], -truth[i + 2] - 1], i);
      noisy.set([truth[i] + Math.sin(i) * 0.5, truth[i + 1], truth[i + 2]], i);
    }
    const [a, b, t] = [turned, noisy, truth].map((data) => memoryRows(data, 800, 3));
    const equal = await compareUpToRotation(a, t);
    expect(1 - equal.r2).toBeLessThan(1e-10);
    expect(equal.equalNeighbours).toBe(1);
    const off = await compareUpToRotation(b, t);
    expect(off.r2).toBeLessThan(0.99);
    expect(off.equalNeighbours).toBeLessThan(0.9);
    await expect(compareUpToRotation(sliceRows(a, 0, 5), t)).rejects.toThrow(coded('mismatch'));
  });
});

describe('a search that is ended before it is through', () => {
  const { logits } = made('rectified', 2400, 8, 20);

  it('says so, and hands out nothing that has no certificate', async () => {
    const { report, features } = await recoverFeatures(logits, { kind: 'rectified', finish: AbortSignal.abort() });
    expect(features).toBeNull();
    expect(report).toMatchObject({ certified: false, kind: null });
    expect(report.sentence).toMatch(naming('stopped', 'found'));
  });

  it('keeps what is certified by then', async () => {
    const ended = new AbortController();
    const { report, features } = await recoverFeatures(logits, {
      kind: 'rectified',
      finish: ended.signal,
      onProgress: ({ unit }) => unit === 'starts' && ended.abort(),
    });
    expect(report.features).toBeGreaterThan(0);
    expect(features!.shape).toEqual([2400, report.features]);
    expect(report.notes.join()).toMatch(naming('stopped', 'descents'));
  });

  it('does not go on with the descent that is under way', async () => {
    const rows = withOnes(matrix(2400, 8, Float64Array.from({ length: 2400 * 8 }, numbers(5).normal)));
    const start = Float64Array.from({ length: 9 }, (_, j) => (j === 0 ? 1 : 0));
    const settings = { lowest: 32, share: 1 / 8, penalty: 10, shrink: 1, steps: 1e6 };
    // A million steps would take hours, and ε does not shrink, so that the rows near zero stay as many.
    expect(await descend(rows, start, { ...settings, over: AbortSignal.timeout(300) })).toBeNull();
    const stopped = descend(rows, start, { ...settings, signal: AbortSignal.timeout(300) });
    await expect(stopped).rejects.toMatchObject({ name: 'TimeoutError' });
  });

  it('hands out no sphere of which it is not sure yet that it is the only one', async () => {
    const ended = new AbortController();
    const { report, features } = await recoverFeatures(made('sphere', 600, 12, 30).logits, {
      kind: 'sphere',
      finish: ended.signal,
      onProgress: ({ stage }) => stage === 'search for a rival vector' && ended.abort(),
    });
    expect(features).toBeNull();
    expect(report).toMatchObject({ certified: false, sphere: { ellipsoid: true, rivalResidual: null } });
    expect(report.sentence).toMatch(naming('stopped', 'only'));
  });

  it('is ended by its seconds, too, of which its progress knows until they are over', async () => {
    const progressOf = async (seconds: number): Promise<{ sentence: string; left: (number | undefined)[] }> => {
      const left: (number | undefined)[] = [];
      const { report } = await recoverFeatures(logits, {
        kind: 'rectified',
        seconds,
        onProgress: ({ stage, secondsLeft }) => stage.startsWith('independent') && left.push(secondsLeft),
      });
      return { sentence: report.sentence, left };
    };
    const long = await progressOf(3600);
    expect(long.left.length).toBeGreaterThan(0);
    for (const seconds of long.left) expect(Math.abs(seconds! - 3540)).toBeLessThan(60);
    expect(long.sentence).toMatch(naming('give'));
    const short = await progressOf(0);
    expect(short.left.every((seconds) => seconds === undefined)).toBe(true);
    expect(short.sentence).toMatch(naming('stopped', 'found'));
  });

  it('is ended by its seconds though memory is cleared on the way', async () => {
    // A composite of AbortSignal.any lost its timers there, and the search went on to its end.
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    const { logits: large } = made('silu', 6000, 48, 96);
    const started = performance.now();
    const { report } = await recoverFeatures(large, { kind: 'rectified', seconds: 2, onProgress: collect });
    expect(report.cut).toBe(true);
    expect(performance.now() - started).toBeLessThan(20_000);
  });

  it('takes any number of seconds', async () => {
    // 60 · 0.1 times six tenths is no whole number of milliseconds; beyond 2^31 of them a timer goes off at once.
    const ended = await recoverFeatures(logits, { kind: 'rectified', seconds: 0.1 / 3 });
    expect(ended.report.cut).toBe(true);
    const whole = await recoverFeatures(logits, { kind: 'rectified', seconds: 1e10 });
    expect(whole.report.cut).toBe(false);
    for (const seconds of [-1, NaN]) {
      await expect(recoverFeatures(logits, { seconds })).rejects.toThrow(coded('usage', '0'));
    }
  });

  it('is given up by signal', async () => {
    await expect(recoverFeatures(logits, { signal: AbortSignal.abort() })).rejects.toThrow(/abort/);
  });
});
