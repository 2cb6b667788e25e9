import { mismatch } from '../../lib/results/index.js';

const schema = {
  definitions: { point: { type: 'array', items: { type: 'number' }, minItems: 2, maxItems: 2 } },
  type: 'object',
  properties: { at: { $ref: '#/definitions/point' }, more: { type: 'array', items: { $ref: '#/definitions/point' } } },
  required: ['at'],
  additionalProperties: { enum: ['a', null] },
};

test.each<[unknown, string | null]>([
  [{ at: [1, 2], more: [[3, 4]], other: 'a' }, null],
  [{ at: [1, 2], other: null }, null],
  [{ at: [1] }, 'at: expected 2 items, found 1'],
  [
    {
      at: [1, 2],
      more: [
        [3, 4],
        [3, 'x'],
      ],
    },
    'more[1][1]: expected number, found "x"',
  ],
  [{ at: [1, 2], other: 'b' }, 'other: expected "a" or null, found "b"'],
  [{}, 'at: expected it to be there, found nothing'],
  [[], 'the file: expected object, found []'],
])('%j', (value, expected) => expect(mismatch(value, schema)).toBe(expected));

test('names of the language’s own objects are fields like any other', () => {
  const value = JSON.parse('{"at": [1, 2], "__proto__": "b"}');
  expect(mismatch(value, schema)).toBe('__proto__: expected "a" or null, found "b"');
  expect(mismatch(JSON.parse('{"constructor": 1}'), schema)).toBe('at: expected it to be there, found nothing');
});
