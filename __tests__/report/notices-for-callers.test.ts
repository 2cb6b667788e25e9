import { extractFeatures } from '../../lib/extract/index.js';
import { noticesInWords, parseResults, runExperiment, transformNotesInWords } from '../../lib/index.js';
import { coded } from '../support/coded.js';

const model = 'onnx/demo/demo_convnext.onnx';

test('who calls the library hears of a transform that nobody stated, on published images and on anyone’s', async () => {
  const { provenance } = await extractFeatures(model, 'synthetic:test[0:2]');
  const own = { ...provenance, ownTransform: provenance.transform! };
  expect(provenance.transform!.name).toBe('protocol');
  expect(transformNotesInWords(provenance)).toHaveLength(1);
  expect(transformNotesInWords({ ...provenance, assumed: true })).toHaveLength(2);
  expect(transformNotesInWords(own)).toEqual([]);
  expect(() => transformNotesInWords(undefined as never)).toThrow(coded('bad-input'));
});

test('results say it, too, and are read again from their text', async () => {
  const results = await runExperiment(
    { experiment: 1, source: model, train: 'synthetic:train[0:60]', test: 'synthetic:test[0:20]' },
    { stores: null, samples: 0 },
  );
  const notices = noticesInWords(results);
  expect(notices.some((notice) => notice.includes('demo_convnext'))).toBe(true);
  const again = await parseResults(JSON.stringify(results));
  expect(noticesInWords(again)).toEqual(notices);
  await expect(parseResults('{')).rejects.toThrow(coded('damaged'));
});
