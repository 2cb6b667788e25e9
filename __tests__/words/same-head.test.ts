import { sameHeadInWords, type SameHeadReason } from '../../lib/words/index.js';

const angles = { median: 0.012345, largest: 89.99 };
const sets = [
  { inside: 1297, rows: 1300 },
  { inside: 0, rows: 300 },
] as const;
const why = { kind: 'few-rows', rows: 12 } as const;

test.each<[SameHeadReason, string]>([
  [
    {
      ...{ kind: 'wider', set: 1, directions: 256, fills: 999, limit: 'classes' },
      ...{ outside: 600, rows: 600, beside: 0.3123 },
    },
    "These look like two models. The outputs of the first set fill 256 directions, those of the second all 999 that the classes leave: all 600 rows of it lie outside of the first's, with 31 % of what they vary by. One last layer does not",
  ],
  [
    {
      kind: 'several-models',
      sets: [{ set: 1, column: 'variant', models: 2 }],
      parts: [
        { set: 1, value: 'A', same: true },
        { set: 1, value: 'B', same: false },
        { set: 1, value: 'C', same: null },
      ],
    },
    'Not one answer: the second set looks like 2 models in one file, told apart by the column ‘variant’. Of its rows with ‘A’ alone beside the first set: the same span. Of its rows with ‘B’ alone beside the first set: two heads. Of its rows with ‘C’ alone beside the first set: it cannot be told. Give the rows of one model.',
  ],
  [
    { kind: 'other-names', unmatched: [['yak'], ['gnu', 'emu']] },
    'which class of one set is which of the other: both name their classes, and of these names 1 of the first (yak) and 2 of the second (gnu, emu) have no partner. Give both the same names.',
  ],
  [
    { kind: 'sorted-names', set: 1 },
    'the second set has its classes in the order of their names, and the first does not name them. Name the classes of both.',
  ],
  [
    { kind: 'hidden', set: 1, why: { kind: 'outputs-hidden', classes: 40, topk: 5 } },
    'The spans cannot be compared. Of the second set: Only the top 5 of 40 outputs are shown',
  ],
  [{ kind: 'no-span', why }, 'The spans cannot be compared. 12 distinct rows fill all'],
  [
    { kind: 'few-outside-the-span', set: 0, outside: 3, rows: 12, why },
    'Cannot be told: 3 of the 12 rows of the first set lie outside the span of the second, and it has too few to show its own. 12 distinct',
  ],
  [
    { kind: 'few-in-the-span', set: 1, rows: 12, directions: 16 },
    'as far as the second set shows it: all of its 12 rows lie in the 16 directions that the first fills.',
  ],
  [{ kind: 'coarse', resolution: 0.0123 }, "a head changed by 1.2 % of its weights' norm would look the same"],
  [
    { kind: 'all-in-both', directions: 16, angles },
    'all rows of both sets lie in the same 16 directions (median angle 0.012 degrees, largest 90). So',
  ],
  [
    { kind: 'all-in-one', set: 0, outside: 5, rows: 1300, directions: 2 },
    'all of its rows lie in the span of the second. The others of that one (5 of 1,300 rows) open 2 more directions',
  ],
  [
    { kind: 'part-in-one', set: 0, outside: 750, rows: 1500, directions: 256 },
    'Cannot be told: all rows of the first set lie in the span of the second, but of the 1,500 rows of that one only a part, 750, lies in the span of the first. The other 750 open 256 more directions. Rows of another model',
  ],
  [
    { kind: 'all-but-few', sets, others: [[1, 2], [7]], directions: [2, 1] },
    '1,297 of 1,300 rows of the first set and 0 of 300 of the second lie in the span of the other. The others (1, 2 of the first, 7 of the second; counted from 0) open 2 and 1 directions',
  ],
  [
    { kind: 'some-in-both', sets, directions: [2, 1], angles },
    'lie in the span of the other, 2 and 1 directions outside (median',
  ],
  [{ kind: 'none-in-either', outside: 15, directions: 16, angles }, 'and 15 of 16 directions of one are outside'],
  [{ kind: 'shifted', angles }, 'the directions are the same (median'],
  [
    { kind: 'few-directions-apart', shared: 14, directions: [2, 1], angles },
    'but 14 directions are the same, and only 2 and 1 are not',
  ],
])('%j', (reason, text) => {
  expect(sameHeadInWords({ reason })).toContain(text);
});

test('rows of logs are named by their lines', () => {
  const line = (number: number) => ({ unit: 'line', number }) as const;
  const sets = [
    { inside: 9, rows: 10 },
    { inside: 8, rows: 9 },
  ] as const;
  const others = [[4], [7]] as const;
  const places = [[line(6)], [line(9)]] as const;
  expect(sameHeadInWords({ reason: { kind: 'all-but-few', sets, others, directions: [1, 1], places } })).toContain(
    'The others (line 6 of the first, line 9 of the second) open',
  );
});

test('rows that were left out are named by set', () => {
  const leftOut = [[], [350, 351]];
  expect(sameHeadInWords({ reason: { kind: 'shifted', angles }, leftOut })).toMatch(
    / Left out, because they alone carry directions: 2 rows \(350, 351, counted from 0\) of the second set\.$/,
  );
});

test.each([
  [[1], 'The second set does not name its classes, so their columns were matched by their order. If'],
  [[0, 1], 'Neither set names its classes, so'],
  [[], 'The names of their classes differ, so'],
] as const)('columns that were matched by order: %j', (byOrder, text) => {
  const reason: SameHeadReason = { kind: 'none-in-either', outside: 15, directions: 16, angles };
  expect(sameHeadInWords({ reason, byOrder })).toContain(`largest 90). ${text}`);
  const same = sameHeadInWords({ reason: { kind: 'all-in-both', directions: 16, angles }, byOrder });
  expect(same).toMatch(/were matched by their order\. That speaks of the last layer alone/);
});
