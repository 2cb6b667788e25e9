import { readFileSync } from 'node:fs';
import { parseModel, tapModel } from '../../lib/onnx/index.js';
import { modelFile } from './fixtures.js';

test('a tap appends a few bytes and leaves the file as it is', () => {
  const bytes = new Uint8Array(readFileSync(modelFile('torch_script_net')));
  const tapped = tapModel(bytes, ['/ReduceMean_output_0', 'another']);
  expect(tapped.subarray(0, bytes.length)).toEqual(bytes);
  expect(tapped.length - bytes.length).toBeLessThan(60);

  const before = parseModel(bytes);
  const after = parseModel(tapped);
  expect(after.outputs.map(({ name }) => name)).toEqual(['y', '/ReduceMean_output_0', 'another']);
  expect(after.nodes).toEqual(before.nodes);
  expect([...after.initializers.keys()]).toEqual([...before.initializers.keys()]);
});
