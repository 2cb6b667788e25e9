import { afterAll, beforeAll, describe, expect, it, test } from '@jest/globals';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { random } from '../../lib/base/index.js';
import { sameHeadOfFiles } from '../../lib/experiments/index.js';
import { fingerprint, type SameHead } from '../../lib/leaks/index.js';
import { alignColumns, alignPair, openRows } from '../../lib/logs/index.js';
import { coded } from '../support/coded.js';

/** Logs of one head or two, whose columns are called in different ways and stand in different orders. */

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'names-'));
});
afterAll(() => rm(folder, { recursive: true }));

const [width, classes, rows] = [8, 40, 90];

function outputsOf(head: number, images: number): number[][] {
  const { normal } = random(head, 1);
  const weight = Array.from({ length: classes * width }, () => normal());
  const { normal: feature } = random(images, 2);
  return Array.from({ length: rows }, () => {
    const x = Array.from({ length: width }, () => feature());
    const z = Array.from({ length: classes }, (_, j) =>
      x.reduce((sum, value, k) => sum + value * weight[j * width + k], 0),
    );
    const sum = z.reduce((total, value) => total + Math.exp(value), 0);
    return z.map((value) => Math.exp(value) / sum);
  });
}

const adjectives = ['big', 'small', 'old', 'wild', 'spotted'];
const animals = ['tench', 'bald eagle', 'gecko', 'ostrich', 'kite', 'jay', 'vulture', 'newt'];
/** In no order of their own. */
const named = Array.from({ length: classes }, (_, j) => `${adjectives[(3 * j) % 5]} ${animals[(5 * j) % 8]}`);

const shuffled = Array.from({ length: classes }, (_, j) => (17 * j + 5) % classes);
const byName = Array.from(named.keys()).sort((a, b) => (named[a] < named[b] ? -1 : 1));
const inPlace = Array.from(named.keys());

const csv = (values: number[][], names: readonly string[] | null, order: readonly number[]): string =>
  [...(names ? [order.map((j) => names[j])] : []), ...values.map((row) => order.map((j) => row[j]))]
    .map((cells) => cells.join(','))
    .join('\n');

const asDict = (values: number[][], names: readonly string[], order: readonly number[]): string =>
  values.map((row) => JSON.stringify({ probs: Object.fromEntries(order.map((j) => [names[j], row[j]])) })).join('\n');

/** Scores sorted from the largest, so that the order of the classes is lost. */
const asList = (values: number[][], names: readonly string[]): string =>
  values
    .map((row) => JSON.stringify(row.map((score, j) => ({ label: names[j], score })).sort((a, b) => b.score - a.score)))
    .join('\n');

const opened = async (name: string, text: string): ReturnType<typeof openRows> => {
  await writeFile(join(folder, name), text);
  return openRows(join(folder, name));
};

async function compared(one: string, other: string, ending = 'csv'): Promise<SameHead> {
  const { files, by } = alignPair(await opened('one.csv', one), await opened(`other.${ending}`, other));
  return sameHeadOfFiles(files, by);
}

const called = (change: (name: string, j: number) => string): string[] => named.map(change);

describe('columns are matched by name, whatever all names of a file have in common', () => {
  const shapes: Record<string, string[]> = {
    'as they are': [...named],
    prefix: called((name) => `p_${name}`),
    'a path': called((name) => `probs.${name}`),
    brackets: called((name) => `prob[${name}]`),
    suffix: called((name) => `${name}_score`),
    'prefix and suffix': called((name) => `class ${name} (logit)`),
    case: called((name) => name.toUpperCase()),
    underscores: called((name) => name.replaceAll(' ', '_')),
    'a prefix and underscores': called((name) => `prob_${name.replaceAll(' ', '_')}`),
    'camel case': called((name) => `prob${name.replace(/(?:^|\s)(\w)/g, (_, first: string) => first.toUpperCase())}`),
    'a number behind': called((name) => `${name} [x]`),
  };
  const plain = csv(outputsOf(1, 1), named, inPlace);
  for (const [shape, names] of Object.entries(shapes)) {
    it(shape, async () => {
      const other = csv(outputsOf(1, 2), names, shuffled);
      expect(await compared(plain, other)).toMatchObject({ same: true, reason: { kind: 'all-in-both' } });
      expect(await compared(other, plain)).toMatchObject({ same: true });
      const another = await compared(plain, csv(outputsOf(2, 2), names, shuffled));
      expect([another.same, another.byOrder]).toEqual([false, undefined]);
    });
  }

  it('a dict, sorted by name, and a list, sorted by score', async () => {
    const prefixed = csv(outputsOf(1, 1), shapes.prefix, inPlace);
    expect(await compared(prefixed, asDict(outputsOf(1, 2), named, byName), 'jsonl')).toMatchObject({ same: true });
    expect(await compared(prefixed, asList(outputsOf(1, 2), named), 'jsonl')).toMatchObject({ same: true });
  });

  it('numbers with zeros before them, with words before them, and in names', async () => {
    const numbers = inPlace.map((j) => `p_n${String(j).padStart(8, '0')}`);
    const one = csv(outputsOf(1, 1), numbers, inPlace);
    for (const names of [inPlace.map((j) => `class${j}`), inPlace.map((j) => `${animals[j % 8]}_${j}`)]) {
      expect(await compared(one, csv(outputsOf(1, 2), names, shuffled))).toMatchObject({ same: true });
    }
  });

  it('a first digit that all have is no prefix', async () => {
    const names = inPlace.map((j) => `p_${100 + j}`);
    const { by } = alignPair(
      await opened(
        'one.csv',
        csv(
          outputsOf(1, 1),
          inPlace.map((j) => `p_${j}`),
          inPlace,
        ),
      ),
      await opened('other.csv', csv(outputsOf(1, 2), names, inPlace)),
    );
    expect(by).toEqual({ kind: 'order', unnamed: [0, 1] });
  });
});

describe('names that do not match', () => {
  it('never make two heads of one', async () => {
    const other = named.map((name, j) => `${name.split(' ').reverse().join(' of ')}${'x'.repeat(j)}`);
    const found = await compared(csv(outputsOf(1, 1), named, inPlace), csv(outputsOf(1, 2), other, shuffled));
    expect(found).toMatchObject({
      same: null,
      reason: { kind: 'other-names', unmatched: [named, { length: classes }] },
    });
    const some = named.map((name, j) => (j < 3 ? `no ${name}` : name));
    const few = await compared(csv(outputsOf(1, 1), named, inPlace), csv(outputsOf(1, 2), some, shuffled));
    expect(few.reason).toMatchObject({ kind: 'other-names', unmatched: [named.slice(0, 3), { length: 3 }] });
  });

  it('leave the answer that the order proves', async () => {
    const other = named.map((_, j) => `Tier ${'abcdefgh'[j % 8]}${'klmno'[j % 5]}`);
    const found = await compared(csv(outputsOf(1, 1), named, inPlace), csv(outputsOf(1, 2), other, inPlace));
    expect([found.same, found.byOrder]).toEqual([true, []]);
  });

  it('are refused for the parts of one log', async () => {
    const one = await opened('one.csv', csv(outputsOf(1, 1), named, inPlace));
    const other = await opened('other.csv', csv(outputsOf(1, 2), [...named.slice(1), 'yak'], inPlace));
    expect(() => alignColumns(other, one)).toThrow(coded('mismatch'));
  });
});

describe('a file without names', () => {
  test.each([
    [1, true],
    [2, false],
  ])('goes by order, which is said: head %i', async (head, same) => {
    const bare = csv(outputsOf(head, 2), null, inPlace);
    const found = await compared(csv(outputsOf(1, 1), named, inPlace), bare);
    expect([found.same, found.byOrder]).toEqual([same, [1]]);
    const both = await compared(csv(outputsOf(1, 1), null, inPlace), bare);
    expect([both.same, both.byOrder]).toEqual([same, [0, 1]]);
  });

  it('tells nothing beside columns in the order of their names, unless they have one span', async () => {
    const bare = csv(outputsOf(1, 2), null, inPlace);
    for (const [text, ending] of [
      [csv(outputsOf(1, 1), named, byName), 'csv'],
      [asDict(outputsOf(1, 1), named, byName), 'jsonl'],
      [asList(outputsOf(1, 1), named), 'jsonl'],
    ]) {
      expect((await compared(bare, text, ending)).reason).toEqual({ kind: 'sorted-names', set: 1 });
    }
    const sorted = csv(outputsOf(1, 2), null, byName);
    expect(await compared(sorted, asList(outputsOf(1, 1), named), 'jsonl')).toMatchObject({ same: true, byOrder: [0] });
  });
});

it('a log of two models is compared model by model', async () => {
  const [one, other] = [outputsOf(1, 1), outputsOf(2, 2)];
  const lines = [...one, ...other].map((row, i) => [i < rows ? 'A' : 'B', ...row].join());
  const both = await opened('both.csv', [['variant', ...named].join(), ...lines].join('\n'));
  const single = await opened('single.csv', csv(outputsOf(1, 3), named, shuffled));
  const { several } = await fingerprint(both.rows, { features: false, parts: both.groups });
  expect(several!.models).toBe(2);
  const { files, by } = alignPair(single, both);
  expect(await sameHeadOfFiles(files, by, [null, several!])).toMatchObject({
    same: null,
    reason: {
      kind: 'several-models',
      sets: [{ set: 1, column: 'variant', models: 2 }],
      parts: [
        { set: 1, value: 'A', same: true },
        { set: 1, value: 'B', same: false },
      ],
    },
  });
  const twice = await sameHeadOfFiles([both, both], { kind: 'names' }, [several!, several!]);
  expect(twice.reason).toMatchObject({ sets: [{ set: 0 }, { set: 1 }], parts: [] });
});
