import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { ModelNote } from '../../lib/words/index.js';

/** The models that goldens/onnx_models.py writes, and what is known of them. */
export const folder = path.join(process.cwd(), '__tests__', 'fixtures', 'onnx');
export const modelFile = (name: string): string => path.join(folder, `${name}.onnx`);

export interface Accepted {
  name: string;
  /** Shape and NumPy type of the input. */
  dims: number[];
  type: string;
  input: string;
  features: string;
  logits: string;
  featuresTensor: string;
  logitsTensor: string;
  notes: ModelNote[];
  weight?: string;
  bias?: string;
  options?: { features?: string; logits?: string; imageSize?: number };
  columns?: boolean;
  precision?: string;
  batchSize?: number;
  layout?: string;
  imageSize?: number[];
}

export interface Refused {
  name: string;
  /** What the message must say. */
  parts: string[];
  /** What is enough to see it: parsing, finding and lifting the head, or running the model. */
  at: 'parse' | 'find' | 'load';
  options: { features?: string; logits?: string };
}

export const { accepted, refused } = JSON.parse(readFileSync(path.join(folder, 'expected.json'), 'utf8')) as {
  accepted: Accepted[];
  refused: Refused[];
};

export function floats(base64: string): Float32Array {
  const bytes = new Uint8Array(Buffer.from(base64, 'base64'));
  return new Float32Array(bytes.buffer);
}

/** Largest difference, as a share of the largest expected number. */
export function relativeError(found: ArrayLike<number>, expected: ArrayLike<number>): number {
  if (found.length !== expected.length) return Infinity;
  let scale = 0;
  let worst = 0;
  for (let i = 0; i < expected.length; i++) {
    scale = Math.max(scale, Math.abs(expected[i]));
    // NaN must not slip through a comparison.
    const difference = Math.abs(found[i] - expected[i]);
    worst = Number.isNaN(difference) ? Infinity : Math.max(worst, difference);
  }
  return worst === 0 ? 0 : worst / scale;
}

/** Calls and returns what it throws. */
export function errorOf(call: () => unknown): Error {
  try {
    call();
  } catch (error) {
    return error as Error;
  }
  throw new Error('expected an error, found none');
}
