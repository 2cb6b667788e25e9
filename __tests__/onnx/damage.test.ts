import { readFileSync } from 'node:fs';
import { FeatReconstructError } from '../../lib/base/index.js';
import { findHead, liftHead, parseModel } from '../../lib/onnx/index.js';
import { errorOf, modelFile } from './fixtures.js';
import { coded } from '../support/coded.js';

const whole = new Uint8Array(readFileSync(modelFile('torch_script_net')));

test('a file that was cut short anywhere is refused', () => {
  for (let length = 0; length < whole.length; length++) {
    const error = errorOf(() => parseModel(whole.subarray(0, length)));
    expect(error).toBeInstanceOf(FeatReconstructError);
    expect(error.message).toMatch(/truncated|corrupted/);
  }
});

test.each(['torch_script_net', 'if_head', 'weight_behind_nodes'])(
  '%s with a changed byte gives a head or one clear error, and comes to an end',
  (name) => {
    const bytes = new Uint8Array(readFileSync(modelFile(name)));
    let refusals = 0;
    for (let at = 0; at < bytes.length; at++) {
      const damaged = bytes.slice();
      damaged[at] ^= at % 2 === 0 ? 0x01 : 0xff;
      try {
        const graph = parseModel(damaged);
        liftHead(graph, findHead(graph));
      } catch (error) {
        if (!(error instanceof FeatReconstructError)) throw new Error(`byte ${at}`, { cause: error });
        refusals++;
      }
    }
    expect(refusals).toBeGreaterThan(bytes.length / 10);
  },
);

test.each([
  ['text', new TextEncoder().encode('<!DOCTYPE html><html>404: Not Found</html>')],
  ['a ZIP file', Uint8Array.of(0x50, 0x4b, 3, 4, 20, 0, 0, 0, 8, 0)],
  ['zeros', new Uint8Array(64)],
])('%s is no model', (_, bytes) => {
  expect(() => parseModel(bytes)).toThrow(coded('damaged', 'ONNX'));
});

test("ONNX Runtime's own format is named", () => {
  const bytes = new Uint8Array(64);
  bytes.set(new TextEncoder().encode('ORTM'), 4);
  expect(errorOf(() => parseModel(bytes)).message).toContain('.ort');
});
