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

test('of options with a kind the one that is meant says what is wrong', () => {
  const kind = (name: string, properties = {}) => ({
    ...{ type: 'object', properties: { kind: { const: name }, ...properties }, additionalProperties: false },
    required: ['kind', ...Object.keys(properties)],
  });
  const options = {
    oneOf: [kind('long', { a: { type: 'number' }, b: { type: 'number' } }), kind('short', { c: { type: 'number' } })],
  };
  expect(mismatch({ kind: 'short', c: 1 }, options)).toBeNull();
  expect(mismatch({ kind: 'short', c: 'x' }, options, 'at')).toBe('at.c: expected number, found "x"');
  expect(mismatch({ kind: 'short' }, options, 'at')).toBe('at.c: expected it to be there, found nothing');
  expect(mismatch({ kind: 'new' }, options, 'at')).toBe('at.kind: expected one of "long", "short", found "new"');
  expect(mismatch('short', options, 'at')).toBe('at: expected object, found "short"');
});
