import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openRows } from '../../lib/logs/index.js';
import { numbers } from '../leaks/data.js';
import { coded } from '../support/coded.js';

/** Names of classes that share stems: they look like the columns of several layers, and are none. */

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'stems-'));
});
afterAll(() => rm(folder, { recursive: true }));

let files = 0;
async function opened(names: readonly string[], values: readonly (readonly number[])[], before = '') {
  const path = join(folder, `log${files++}.csv`);
  const head = before === '' ? names : [before, ...names];
  const lines = values.map((row, i) => (before === '' ? row : [`img-${i}.jpg`, ...row]).join());
  await writeFile(path, [head.join(), ...lines].join('\n'));
  return openRows(path);
}

const rows = 40;
const { normal } = numbers(8);
const logitsOf = (classes: number): number[][] =>
  Array.from({ length: rows }, () => Array.from({ length: classes }, () => 2 * normal()));
const softmax = (row: readonly number[]): number[] => {
  const sum = row.reduce((total, value) => total + Math.exp(value), 0);
  return row.map((value) => Math.exp(value) / sum);
};
const range = (n: number): number[] => Array.from({ length: n }, (_, k) => k);

const animals = ['tabby', 'tench', 'goldfish', 'shark', 'hen', 'ostrich', 'robin', 'jay', 'eagle', 'owl', 'newt'];
const cifar = ['airplane', 'automobile', 'bird', 'cat', 'deer', 'dog', 'frog', 'horse', 'ship', 'truck'];
const lists: [string, string[]][] = [
  ['stems with running numbers, some stems more often', range(40).map((k) => `${animals[k % 11]}_${k}`)],
  ['the same, each as often', range(44).map((k) => `${animals[k % 11]}_${k}`)],
  ['synsets', range(30).map((k) => `n0${1440764 + 977 * k}`)],
  ['product codes', ['A', 'B', 'C', 'D'].flatMap((stem) => range(9).map((k) => `${stem}${k + 1}`))],
  ['CIFAR with numbers', cifar.map((name, k) => `${name}_${k}`)],
  [
    'a taxonomy',
    ['cat', 'dog', 'fish'].flatMap((stem) => ['a', 'b'].flatMap((of) => range(3).map((k) => `${stem}_${of}_${k + 1}`))),
  ],
  [
    'colours of things',
    ['red', 'blue', 'green'].flatMap((colour) => ['hat', 'coat', 'shoe', 'bag'].map((of) => `${colour} ${of}`)),
  ],
  [
    'sizes behind names',
    ['S', 'M', 'L'].flatMap((size) => ['shirt', 'dress', 'skirt', 'sock'].map((of) => `${of}_${size}`)),
  ],
  ['ICD codes', ['I', 'J', 'K'].flatMap((stem) => range(6).map((k) => `${stem}${10 + k}.${k % 3}`))],
  [
    'breeds',
    ['terrier', 'hound', 'spaniel'].flatMap((of) =>
      ['irish', 'welsh', 'english', 'scotch'].map((from) => `${from}-${of}`),
    ),
  ],
  ['road signs', ['speed', 'yield', 'stop', 'turn'].flatMap((sign) => range(5).map((k) => `${sign}.${20 + 10 * k}`))],
];

describe.each(lists)('%s', (_, names) => {
  const logits = logitsOf(names.length);
  it.each<[string, (row: readonly number[]) => number[]]>([
    ['probabilities', softmax],
    ['percentages', (row) => softmax(row).map((value) => 100 * value)],
    ['logits', (row) => [...row]],
    ['log-probabilities', (row) => softmax(row).map(Math.log)],
  ])('as %s, are one output', async (_, of) => {
    expect((await opened(names, logits.map(of), 'image')).columns).toEqual(names);
  });
});

it('are one output beside a confidence and an index without a name', async () => {
  const [[, names]] = lists;
  const shares = logitsOf(names.length).map(softmax);
  const values = shares.map((row, i) => [i, ...row, row.indexOf(Math.max(...row)), Math.max(...row)]);
  const { columns } = await opened(['', ...names, 'pred', 'conf'], values);
  expect(columns).toEqual(names);
});

describe('several layers', () => {
  const names = [...range(6).map((k) => `old_${k}`), ...range(6).map((k) => `new_${k}`)];
  const pairs = logitsOf(6).map((row, i) => [row, logitsOf(6)[i]]);
  it.each<[string, (row: readonly number[]) => number[]]>([
    ['probabilities', softmax],
    ['log-probabilities', (row) => softmax(row).map(Math.log)],
    ['logits that are numbered alike', (row) => [...row]],
  ])('of %s are refused', async (_, of) => {
    const values = pairs.map(([one, other]) => [...of(one), ...of(other)]);
    await expect(opened(names, values)).rejects.toMatchObject(coded('ambiguous', 2, 6));
  });

  it('of which one is the softmax of the other are one', async () => {
    const { columns } = await opened(
      names,
      pairs.map(([one]) => [...one, ...softmax(one)]),
    );
    expect(columns).toEqual(names.slice(0, 6));
  });
});
