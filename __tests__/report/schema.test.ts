import { mismatch } from '../../lib/results/index.js';
import { naming } from '../support/coded.js';

const schema = {
  definitions: { point: { type: 'array', items: { type: 'number' }, minItems: 2, maxItems: 2 } },
  type: 'object',
  properties: { at: { $ref: '#/definitions/point' }, more: { type: 'array', items: { $ref: '#/definitions/point' } } },
  required: ['at'],
  additionalProperties: { enum: ['a', null] },
};

test.each<[unknown, RegExp | null]>([
  [{ at: [1, 2], more: [[3, 4]], other: 'a' }, null],
  [{ at: [1, 2], other: null }, null],
  [{ at: [1] }, naming('at:', 2, 1)],
  [
    {
      at: [1, 2],
      more: [
        [3, 4],
        [3, 'x'],
      ],
    },
    naming('more[1][1]:', 'number', '"x"'),
  ],
  [{ at: [1, 2], other: 'b' }, naming('other:', '"a"', 'null', '"b"')],
  [{}, naming('at:', 'nothing')],
  [[], naming('file:', 'object', '[]')],
])('%j', (value, expected) => {
  if (expected === null) expect(mismatch(value, schema)).toBeNull();
  else expect(mismatch(value, schema)).toMatch(expected);
});

test('names of the language’s own objects are fields like any other', () => {
  const value = JSON.parse('{"at": [1, 2], "__proto__": "b"}');
  expect(mismatch(value, schema)).toMatch(naming('__proto__:', '"a"', 'null', '"b"'));
  expect(mismatch(JSON.parse('{"constructor": 1}'), schema)).toMatch(naming('at:', 'nothing'));
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
  expect(mismatch({ kind: 'short', c: 'x' }, options, 'at')).toMatch(naming('at.c:', 'number', '"x"'));
  expect(mismatch({ kind: 'short' }, options, 'at')).toMatch(naming('at.c:', 'nothing'));
  expect(mismatch({ kind: 'new' }, options, 'at')).toMatch(naming('at.kind:', '"long"', '"short"', '"new"'));
  expect(mismatch('short', options, 'at')).toMatch(naming('at:', 'object', '"short"'));
});
