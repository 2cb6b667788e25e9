import { outputsNoteInWords, type OutputsNote } from '../../lib/words/index.js';

const stored = { decimals: null, precision: 'float32' } as const;
const several = {
  column: 'variant',
  models: 2,
  parts: [
    { value: 'A', rows: 200, model: 0, hiddenWidth: 256 },
    { value: 'B', rows: 40, model: 1, hiddenWidth: null },
    { value: 'C', rows: 30, model: 0, hiddenWidth: null },
    { value: 'D', rows: 2, model: null, hiddenWidth: null },
  ],
};
const carried = { rows: [20, 30], directions: 2, with: 14, without: 12 };

test.each<[OutputsNote, string]>([
  [
    { kind: 'scale', scale: 'probabilities', shown: 'truncated', classes: 60, topk: 5, ...stored },
    'The outputs are probabilities, only the top 5 of 60.',
  ],
  [
    { kind: 'scale', scale: 'logits', shown: 'rounded', classes: 60, topk: null, ...stored, decimals: 3 },
    'The outputs are logits rounded to 3 decimals.',
  ],
  [{ kind: 'copies', copies: 1, rows: 1000 }, '1 of 1,000 rows are copies of others; copies count once.'],
  [{ kind: 'equal-columns', pairs: [[4, 7]] }, 'Columns 4 and 7 (counted from 0) are equal in every row'],
  [{ kind: 'carried', carried, classes: 30 }, '2 rows (20, 30, counted from 0) alone carry 2 of the directions'],
  [{ kind: 'carried', carried, classes: 14 }, 'with them the outputs fill all 14 directions, without them 12.'],
  [
    { kind: 'several-models', several, directions: 512 },
    'This looks like 2 models in one file, told apart by the column ‘variant’ (A, C with 230 rows, at least 256 wide; B with 40 rows, which show no width; of which model D is does not show). Together they fill 512 directions, which is the width of none of them. Give the rows of one.',
  ],
  [
    { kind: 'several-models', several: { ...several, column: null }, directions: null },
    'told apart by its files (A, C',
  ],
  [
    { kind: 'models-not-told', column: 'version', values: 7 },
    'The column ‘version’ has 7 values, and the rows of each',
  ],
  [{ kind: 'carried-together', carried }, 'alone carry 2 directions and agree on them'],
  [
    { kind: 'width-not-shown', why: { kind: 'outputs-hidden', classes: 40, topk: 5 } },
    'The hidden width does not show. Only the top 5 of 40 outputs are shown, and the hidden ones cannot be inferred.',
  ],
  [
    { kind: 'width-not-shown', why: { kind: 'few-rows', rows: 20 } },
    'give more rows than the hidden layer is wide (twice the classes are plenty; where',
  ],
  [
    { kind: 'width-not-shown', why: { kind: 'few-rows', rows: 20, features: 64 } },
    '20 distinct rows fill all the directions that they can; more rows than the layer before the last is wide (64) would',
  ],
  [
    { kind: 'width-not-shown', why: { kind: 'wide-layer', features: 1280, classes: 1000 } },
    '1,280 numbers wide and there are 1,000 outputs: these show at most as many directions as there are outputs, however',
  ],
  [
    {
      ...{ kind: 'width-not-shown' },
      why: { kind: 'outputs-hidden', classes: 660, topk: 5, atLeast: true },
    },
    'Only the top 5 of at least 660 outputs',
  ],
  [
    { kind: 'width-not-shown', why: { kind: 'no-gap', above: 12, most: 12, classes: 12, coarse: false, ...stored } },
    'without a gap. Either the hidden layer is at least as wide as the outputs',
  ],
  [
    {
      ...{ kind: 'width-not-shown' },
      why: { kind: 'no-gap', above: 9, most: 12, classes: 12, coarse: true, ...stored, precision: 'float16' },
    },
    '9 of the 12 directions that 12 classes leave vary by more than such storing adds on average, without a gap. Rounding may make some of them, so the width cannot be told',
  ],
  [
    { kind: 'width-not-shown', why: { kind: 'zeros', zeros: 9, rows: 10, rounded: true, ...stored, decimals: 6 } },
    'probabilities rounded to 6 decimals show nothing of what is below 5e-7; to measure more, log significant digits',
  ],
  [{ kind: 'directions', rank: 24, gap: 3e7 }, 'The outputs span 24 dimensions'],
  [{ kind: 'sphere-takes-rows', needed: 169, rows: 100 }, 'takes 169 distinct rows to see'],
  [
    { kind: 'no-sphere', why: { kind: 'many-ellipsoids' } },
    'No normalisation before the head shows: the outputs lie on many',
  ],
  [
    { kind: 'rectified', zeros: 1200, searched: false },
    'is zero on 1,200 of these images, and passes every test of a feature that',
  ],
  [{ kind: 'text', text: 'As it was.' }, 'As it was.'],
])('%j', (note, text) => expect(outputsNoteInWords(note)).toContain(text));
