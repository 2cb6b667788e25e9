import { imul, log, PI, sqrt } from '../../lib/base/index.js';
import { memoryRows, type RowSource } from '../../lib/tensor/index.js';

const { cos } = Math;

/** Numbers for made-up data: uniform and normal, the same everywhere. */
export function numbers(seed: number): { uniform(): number; normal(): number } {
  let state = (seed * 2654435761 + 12345) >>> 0;
  const uniform = (): number => {
    state = (imul(state, 1664525) + 1013904223) >>> 0;
    let t = imul(state ^ (state >>> 15), 0x2c1b3c6d);
    t ^= t >>> 12;
    return ((t >>> 0) + 0.5) / 2 ** 32;
  };
  return {
    uniform,
    normal: () => sqrt(-2 * log(uniform())) * cos(2 * PI * uniform()),
  };
}

export type Shape = 'sphere' | 'rectified' | 'silu' | 'mean of normalised';

/** Features with a spread spectrum, float32: what a network of this ending has, without the network. */
export function madeFeatures(shape: Shape, n: number, d: number, seed = 1): Float32Array {
  const { normal } = numbers(seed);
  const k = Math.max(8, d >> 1);
  const mix = Float64Array.from({ length: d * k }, (_, i) => (normal() * 2) / (1 + ((i % k) * 8) / k) / Math.sqrt(k));
  const mean = Float64Array.from({ length: d }, () => 0.3 * normal());
  const out = new Float32Array(n * d);
  for (let i = 0; i < n; i++) {
    const source = Float64Array.from({ length: k }, normal);
    const x = Float64Array.from({ length: d }, (_, j) => {
      let sum = 0.7 * normal() + mean[j];
      for (let l = 0; l < k; l++) sum += mix[j * k + l] * source[l];
      return sum;
    });
    out.set(ending(shape, x, normal), i * d);
  }
  return out;
}

function ending(shape: Shape, x: Float64Array, normal: () => number): Float64Array {
  const pooled = (positions: number, activate: (value: number) => number): Float64Array =>
    x.map((value) => {
      let sum = 0;
      for (let p = 0; p < positions; p++) sum += activate(value + 0.5 * normal()) / positions;
      return sum;
    });
  switch (shape) {
    case 'sphere':
      return layerNorm(x);
    case 'rectified':
      return pooled(4, (value) => Math.max(0, value - 0.5));
    case 'silu':
      return pooled(4, (value) => value / (1 + Math.exp(-value)));
    case 'mean of normalised': {
      const sum = new Float64Array(x.length);
      for (let p = 0; p < 8; p++)
        layerNorm(x.map((value) => value + normal())).forEach((value, j) => (sum[j] += value / 8));
      return sum;
    }
  }
}

function layerNorm(x: Float64Array): Float64Array {
  const mean = x.reduce((sum, value) => sum + value, 0) / x.length;
  const deviation = Math.sqrt(x.reduce((sum, value) => sum + (value - mean) ** 2, 0) / x.length);
  return x.map((value) => (value - mean) / deviation);
}

export interface Head {
  weight: Float64Array;
  bias: Float64Array;
  classes: number;
}

export function madeHead(classes: number, d: number, seed = 2): Head {
  const { normal } = numbers(seed);
  return {
    weight: Float64Array.from({ length: classes * d }, () => normal() / Math.sqrt(d)),
    bias: Float64Array.from({ length: classes }, normal),
    classes,
  };
}

/** Logits (n, c), rounded to float32 as a network's are. */
export function logitsOf(features: Float32Array, d: number, { weight, bias, classes }: Head): RowSource {
  const n = features.length / d;
  const out = new Float32Array(n * classes);
  for (let i = 0; i < n; i++) {
    for (let a = 0; a < classes; a++) {
      let sum = bias[a];
      for (let j = 0; j < d; j++) sum += weight[a * d + j] * features[i * d + j];
      out[i * classes + a] = sum;
    }
  }
  return memoryRows(out, n, classes);
}

/** Made-up features of so many images and the logits of a head on them. */
export function made(shape: Shape, n: number, d: number, classes: number): { features: RowSource; logits: RowSource } {
  const features = madeFeatures(shape, n, d);
  return { features: memoryRows(features, n, d), logits: logitsOf(features, d, madeHead(classes, d)) };
}

export async function all(source: RowSource): Promise<Float32Array | Float64Array> {
  return source.read(0, source.rows);
}
