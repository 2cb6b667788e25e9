import { expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { loadModel } from '../../lib/runtime/index.js';
import { naming } from '../support/coded.js';

interface Case {
  name: string;
  model: string;
  scores: string;
}

const file = path.join(process.cwd(), '__tests__', 'fixtures', 'onnx', 'sklearn.json');
const { inputs, dims, models } = JSON.parse(readFileSync(file, 'utf8')) as {
  inputs: string;
  dims: [number, number];
  models: Case[];
};
const floats = (text: string): Float32Array => new Float32Array(new Uint8Array(Buffer.from(text, 'base64')).buffer);

test.each(models.map((each) => [each.name, each] as const))(
  "scikit-learn's scores are a converted classifier's logits: %s",
  async (name, { model, scores }) => {
    const loaded = await loadModel(Buffer.from(model, 'base64'));
    const { features, logits } = await loaded.run({ type: 'float32', data: floats(inputs), dims });
    await loaded.release();
    const expected = floats(scores);
    const c = loaded.classCount;
    expect(c).toBeGreaterThan(1);
    // Of two classes scikit-learn gives the second's score.
    const found = logits.filter((_, i) => expected.length === logits.length || i % c === 1);
    expect([...found].every((value, i) => Math.abs(value - expected[i]) < 1e-5)).toBe(true);
    expect(found).toHaveLength(expected.length);
    expect(features).toHaveLength(dims[0] * dims[1]);
    if (/row|margins|softmax/.test(name)) expect(loaded.notes.join()).toMatch(naming('attributes'));
  },
);
