import { expect, test } from '@jest/globals';
import {
  logNoteForCallers,
  logNoteInWords,
  type LeftOutColumn,
  type LogNote,
  type NotAnOutput,
} from '../../lib/words/index.js';
import type { Said } from '../support/said.js';

const labelled = { kind: 'labelled', labelColumns: null, classes: 1000, first: 'cat', last: 'pig' } as const;
const best = { kind: 'best-classes', labelColumns: null, classes: 6 } as const;
const kept = { kind: 'columns', columns: 12, first: 'cat', last: 'pig' } as const;
const text = { kind: 'text' } as const;

const notes: Said<LogNote> = {
  columns: [
    [{ ...kept, leftOut: [] }, 'Took 12 columns as outputs (cat to pig).'],
    [
      {
        ...{ kind: 'columns', columns: 1, first: '', last: '' },
        leftOut: [
          { name: 'a', why: text },
          { name: 'n', why: { kind: 'whole-numbers' } },
          { name: '', why: text },
        ],
      },
      'Took 1 column as outputs ((no name) to (no name)); left out a, (no name) (text), n (whole numbers beside fractions).',
    ],
    [
      { ...kept, leftOut: ['a', 'b', 'c', 'd', 'e', 'f'].map((name) => ({ name, why: text })) },
      'Took 12 columns as outputs (cat to pig); left out a, b, c, d and 2 more (text).',
    ],
    [
      {
        ...kept,
        leftOut: [0, 1, 2, 3, 4, 5, 6, 7].map((of) => ({ name: `x${of}`, why: { kind: 'copy', of: `p${of}` } })),
      },
      'Took 12 columns as outputs (cat to pig); left out x0 (a copy of p0), x1 (a copy of p1), x2 (a copy of p2), x3 (a copy of p3), x4 (a copy of p4), x5 (a copy of p5), 2 more.',
    ],
  ],
  'columns-in-doubt': [
    [
      { kind: 'columns-in-doubt', columns: [{ name: 'price', why: 'no-label' }], asks: true },
      'It does not show whether this column is an output: price (no row has this label). What is said of the outputs counts it in. Name the columns of outputs (--columns: FIRST..LAST or one by one).',
    ],
    [
      {
        kind: 'columns-in-doubt',
        columns: [
          { name: 'ts', why: 'size' },
          { name: 'energy', why: 'name' },
          { name: 'gap', why: 'other-name' },
        ],
        asks: false,
      },
      'It does not show whether these columns are outputs: ts (many times larger than the others), energy (outputs are seldom called so), gap (the others are numbered). What is said of the outputs counts them in. Give a file of the outputs alone.',
    ],
  ],
  'json-column': [
    [{ kind: 'json-column', column: 'response' }, 'Took the JSON in the column response.'],
    [{ kind: 'json-column', column: '' }, 'Took the JSON in the column (no name).'],
  ],
  'line-a-class': [
    [
      { kind: 'line-a-class', images: 1000, by: 'Anfrage', label: 'Klasse', score: 'Wert' },
      'A line is one class of an image: 1,000 images, told apart by Anfrage; classes in Klasse, scores in Wert.',
    ],
    [
      { kind: 'line-a-class', images: 2, by: null, label: 'class', score: 'p' },
      'A line is one class of an image: 2 images, told apart by the places, which begin again with each; classes in class, scores in p.',
    ],
  ],
  labelled: [
    [{ ...labelled, oneOrder: true }, 'Took the scores of 1,000 classes by their labels (cat to pig).'],
    [
      { ...labelled, labelColumns: ['index_0', 'index_5'], oneOrder: false },
      'Took the scores with their classes (index_0 to index_5) of 1,000 classes by their labels (cat to pig), whose order changes from row to row.',
    ],
  ],
  'best-classes': [
    [
      { ...best, shown: [3, 3], others: 'zero' },
      'Took the scores of 3 of at least 6 classes a row, by their labels: only the best are in the file. The others count as 0.',
    ],
    [
      { ...best, labelColumns: ['index_0', 'index_2'], shown: [1, 3], others: 'least-shown' },
      'Took the scores with their classes (index_0 to index_2) of 1 to 3 of at least 6 classes a row, by their labels: only the best are in the file. The others count as the least that is shown.',
    ],
  ],
  'labels-twice': [
    [
      { kind: 'labels-twice', labels: ['crane'], mixed: false },
      'Two classes are called crane: told apart by their places, the second is called ‘crane (2)’.',
    ],
    [
      { kind: 'labels-twice', labels: ['crane', 'maillot'], mixed: true },
      'Two classes each are called crane, maillot: which score is of which does not show. The smaller one of a row is called ‘crane (2)’. What is said of the layer leaves both out. Numbers of the classes would tell them apart.',
    ],
  ],
  'bad-lines': [
    [{ kind: 'bad-lines', lines: [78] }, 'Left out 1 bad line (78, counted from 1).'],
    [
      { kind: 'bad-lines', lines: [301, 401], cutShort: true },
      'Left out 2 bad lines (301, 401, counted from 1). The file is cut short: it ends within its last line.',
    ],
  ],
  'lines-without-scores': [
    [{ kind: 'lines-without-scores', lines: [22] }, 'Left out 1 line without any score (22, counted from 1).'],
    [
      { kind: 'lines-without-scores', lines: [22, 46, 71] },
      'Left out 3 lines without any score (22, 46, 71, counted from 1).',
    ],
    [
      {
        kind: 'lines-without-scores',
        lines: [22, 46, 71],
        files: [
          { file: 'a.csv', many: 2 },
          { file: 'b.csv', many: 1 },
        ],
      },
      'Left out 3 lines without any score (2 in a.csv: 22, 46; 1 in b.csv: 71, counted from 1).',
    ],
  ],
  'classes-together': [
    [
      { kind: 'classes-together', classes: 500, than: 'day1.jsonl' },
      'Not all of its classes are those of day1.jsonl: aligned by their names, 500 in all; those that a log never names stand as the others do that it does not show.',
    ],
  ],
  'log-scores': [
    [{ kind: 'log-scores' }, 'The scores are logarithms of probabilities: their exponentials were taken.'],
  ],
  'rows-without-classes': [
    [{ kind: 'rows-without-classes', rows: [6] }, 'Left out 1 row that lacks some of the classes (6, counted from 1).'],
    [
      { kind: 'rows-without-classes', rows: [1, 2, 3, 5, 8, 13, 21, 34] },
      'Left out 8 rows that lack some of the classes (1, 2, 3, 5, 8, 13 and 2 more, counted from 1).',
    ],
  ],
  'records-without-numbers': [
    [{ kind: 'records-without-numbers', records: [4] }, 'Left out 1 record (number 4) without numbers.'],
  ],
  'records-without-labels': [
    [{ kind: 'records-without-labels', records: [4, 9] }, 'Left out 2 records (numbers 4, 9) without labels.'],
  ],
  'common-fields': [[{ kind: 'common-fields', fields: ['id', 'time'] }, 'Left out id, time, which every record has.']],
  'header-repeated': [[{ kind: 'header-repeated', lines: [62] }, 'The header is repeated in line 62: left out there.']],
  'header-numbered': [[{ kind: 'header-numbered', line: 1 }, 'Line 1 is taken for a header: it numbers the columns.']],
  'other-names': [
    [{ kind: 'other-names', than: 'a.csv' }, 'Its columns have other names than those of a.csv: taken in their order.'],
  ],
  'alike-names': [
    [
      { kind: 'alike-names', than: 'a.csv', one: 'p_yak', other: 'yak' },
      'Its columns are matched with those of a.csv by name, though they are written otherwise: ‘p_yak’ is taken for ‘yak’.',
    ],
  ],
  'other-order': [
    [
      { kind: 'other-order', than: 'a.csv' },
      'Its columns are in another order than those of a.csv: put in that order by name.',
    ],
  ],
  files: [
    [
      { kind: 'files', files: 2, first: 'part-0.csv', last: 'part-1.csv' },
      'Took 2 files of the folder, part-0.csv to part-1.csv.',
    ],
  ],
  shards: [
    [
      { kind: 'shards', shards: 1200, first: 'a.safetensors', last: 'z.safetensors' },
      'Took 1,200 shards of the folder, a.safetensors to z.safetensors.',
    ],
  ],
  text: [[{ ...text, text: 'As it was said.' }, 'As it was said.']],
};

test.each(Object.values(notes).flat())('%j', (note, sentence) => expect(logNoteInWords(note)).toBe(sentence));

const statistic = (name: Extract<NotAnOutput, { kind: 'statistic' }>['statistic']) =>
  ({ kind: 'statistic', statistic: name }) as const;

const reasons: Said<NotAnOutput> = {
  empty: [[{ kind: 'empty' }, 'empty']],
  text: [[text, 'text']],
  'whole-numbers': [[{ kind: 'whole-numbers' }, 'whole numbers beside fractions']],
  sorted: [[{ kind: 'sorted' }, 'scores sorted from the largest']],
  softmax: [[{ kind: 'softmax' }, 'the same outputs after a softmax']],
  'always-zero': [[{ kind: 'always-zero' }, '0 in every row']],
  constant: [[{ kind: 'constant' }, 'the same in every row']],
  copy: [[{ kind: 'copy', of: 'dog' }, 'a copy of dog']],
  'arg-max': [[{ kind: 'arg-max' }, 'which of the others is the largest']],
  statistic: [
    [statistic('largest'), 'the largest of the others'],
    [statistic('second-largest'), 'the second largest of the others'],
    [statistic('smallest'), 'the smallest of the others'],
    [statistic('sum'), 'the sum of the others'],
    [statistic('mean'), 'the mean of the others'],
    [statistic('margin'), 'the largest less the second largest of the others'],
    [statistic('largest-probability'), 'the largest probability'],
    [statistic('second-largest-probability'), 'the second largest probability'],
    [statistic('largest-percentage'), 'the largest probability in percent'],
    [statistic('least-confidence'), 'one less the largest probability'],
    [statistic('probability-margin'), 'the largest probability less the second largest'],
    [statistic('log-probability'), 'the logarithm of the largest probability'],
    [statistic('negative-log-probability'), 'its negative logarithm of the largest probability'],
    [statistic('entropy'), 'the entropy of the others'],
    [statistic('entropy-in-bits'), 'the entropy of the others in bits'],
    [statistic('normalised-entropy'), 'the entropy of the others, of 1 at most'],
    [statistic('log-sum-exp'), 'the log-sum-exp of the others'],
    [statistic('energy'), 'the energy of the others'],
  ],
  'whole-without': [
    [{ kind: 'whole-without', whole: 'one' }, 'the others sum to 1 without it'],
    [{ kind: 'whole-without', whole: 'hundred' }, 'the others sum to 100 without it'],
    [{ kind: 'whole-without', whole: 'logarithms' }, 'the others are whole without it'],
  ],
  'outside-span': [[{ kind: 'outside-span' }, 'no linear function of the others, which are of one another']],
  'not-named': [[{ kind: 'not-named' }, 'not named as outputs']],
  'other-size': [[{ kind: 'other-size' }, 'more than a thousand times larger than the others']],
  monotone: [[{ kind: 'monotone' }, 'it only rises or falls']],
  name: [
    [{ kind: 'name', neverNegative: false }, 'by its name'],
    [{ kind: 'name', neverNegative: true }, 'by its name, and it has no values below 0'],
  ],
};

test.each(Object.values(reasons).flat())('%j', (why, said) => {
  const leftOut: LeftOutColumn[] = [{ name: 'x', why }];
  expect(logNoteInWords({ ...kept, leftOut })).toBe(`Took 12 columns as outputs (cat to pig); left out x (${said}).`);
});

test('callers of the library read of the option by its own name', () => {
  const note: LogNote = { kind: 'columns-in-doubt', columns: [{ name: 'price', why: 'name' }], asks: true };
  expect(logNoteForCallers(note)).toContain('(columns: ');
});
