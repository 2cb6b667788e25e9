import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { random } from '../../lib/base/index.js';
import { fingerprint, sameHead } from '../../lib/leaks/index.js';
import { alignAll, mixedOf, openRows } from '../../lib/logs/index.js';

/** Two classes of one name, in logs whose layer is known: which score is of which must not pass for a feature of its own. */

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'doubled-'));
});
afterAll(() => rm(folder, { recursive: true }));

const [width, classes, rows] = [24, 260, 160];

interface Pair {
  label: string;
  score: number;
}
type Order = 'by score' | 'by label' | 'by label and score' | 'as the model' | 'as another model';

/** Logits of a head of `width` features, float64. */
function logitsOf(head: number, images: number): number[][] {
  const { normal } = random(head, 1);
  const weight = Array.from({ length: classes * (width + 1) }, () => normal() / Math.sqrt(width));
  const { normal: feature } = random(images, 2);
  return Array.from({ length: rows }, () => {
    const x = Array.from({ length: width }, () => 2 * feature());
    return Array.from({ length: classes }, (_, j) =>
      x.reduce((sum, value, k) => sum + value * weight[j * (width + 1) + k], weight[j * (width + 1) + width]),
    );
  });
}

const softmax = (z: readonly number[]): number[] => {
  const sum = z.reduce((total, value) => total + Math.exp(value), 0);
  return z.map((value) => Math.exp(value) / sum);
};
const logarithms = (z: readonly number[]): number[] => softmax(z).map(Math.log);
const signed = (z: readonly number[]): number[] => [...z];
const rounded = (z: readonly number[]): number[] => logarithms(z).map((value) => Math.round(value * 1e4) / 1e4);

/** Names of which the last `doubled` are those of the first, far from them. */
const namesOf = (doubled: number): string[] =>
  Array.from(
    { length: classes },
    (_, j) => `name ${(((j < classes - doubled ? j : j - classes + doubled) * 37) % 997) + 1000}`,
  );

const ordered = (pairs: Pair[], order: Order): Pair[] => {
  const text = (a: Pair, b: Pair): number => (a.label < b.label ? -1 : a.label > b.label ? 1 : 0);
  if (order === 'by score') return pairs.sort((a, b) => b.score - a.score);
  if (order === 'by label') return pairs.sort(text);
  if (order === 'by label and score') return pairs.sort((a, b) => text(a, b) || a.score - b.score);
  return order === 'as the model' ? pairs : pairs.reverse();
};

const log = (logits: number[][], doubled: number, scale: (z: readonly number[]) => number[], order: Order): string => {
  const names = namesOf(doubled);
  const line = (z: number[]): string =>
    JSON.stringify(
      ordered(
        scale(z).map((score, j) => ({ label: names[j], score })),
        order,
      ),
    );
  return logits.map(line).join('\n');
};

async function opened(name: string, text: string): ReturnType<typeof openRows> {
  const path = join(folder, name);
  await writeFile(path, text);
  return openRows(path);
}

const widthOf = async ({ rows: of, mixed }: Awaited<ReturnType<typeof openRows>>): Promise<number | null> =>
  (await fingerprint(of, { features: false, leaveOut: mixed })).hiddenWidth;

describe('logs in which two classes have one name', () => {
  const logits = logitsOf(1, 1);
  const scales = { softmax, logarithms, signed, rounded };
  for (const doubled of [1, 2, 5]) {
    for (const [scale, of] of Object.entries(scales)) {
      it(`${doubled} doubled, ${scale}: the width is the layer's own, by score and by label`, async () => {
        const file = await opened(`${doubled}-${scale}.jsonl`, log(logits, doubled, of, 'by score'));
        expect([file.rows.cols, file.mixed?.length]).toEqual([classes, 2 * doubled]);
        expect(await widthOf(file)).toBe(width);
        const sorted = await opened(`${doubled}-${scale}-l.jsonl`, log(logits, doubled, of, 'by label and score'));
        expect([sorted.mixed?.length, await widthOf(sorted)]).toEqual([2 * doubled, width]);
      });
    }
  }

  it('a service that sorts by label may exchange the two, one that keeps the order of the classes does not', async () => {
    const byLabel = await opened('by-label.jsonl', log(logits, 2, softmax, 'by label'));
    expect(byLabel.mixed).toHaveLength(4);
    const inPlace = await opened('in-place.jsonl', log(logits, 2, softmax, 'as the model'));
    expect([inPlace.mixed, await widthOf(inPlace)]).toEqual([undefined, width]);
  });

  it('two logs whose orders differ, and a folder of such parts: places tell nothing any more', async () => {
    const more = logitsOf(1, 2);
    const one = await opened('one.jsonl', log(logits, 2, softmax, 'as the model'));
    const other = await opened('other.jsonl', log(more, 2, softmax, 'as another model'));
    const both = alignAll([one, other]);
    expect(mixedOf(both)).toHaveLength(4);
    const { same } = await sameHead(both[0].rows, both[1].rows, { leaveOut: mixedOf(both) });
    expect(same).toBe(true);
    await mkdir(join(folder, 'parts'));
    await writeFile(join(folder, 'parts', 'a.jsonl'), log(logits, 2, softmax, 'as the model'));
    await writeFile(join(folder, 'parts', 'b.jsonl'), log(more, 2, softmax, 'as another model'));
    const parts = await openRows(join(folder, 'parts'));
    expect([parts.rows.rows, parts.mixed?.length, await widthOf(parts)]).toEqual([2 * rows, 4, width]);
  });

  it('one head is one head, another is another', async () => {
    const one = await opened('head.jsonl', log(logits, 5, softmax, 'by score'));
    for (const [head, same] of [
      [1, true],
      [2, false],
    ] as const) {
      const text = log(logitsOf(head, 3), 5, softmax, 'by score');
      const both = alignAll([one, await opened(`head-${head}.jsonl`, text)]);
      const found = await sameHead(both[0].rows, both[1].rows, { leaveOut: mixedOf(both) });
      expect([found.same, found.ranks]).toEqual([same, [width, width]]);
    }
  });

  it('a layer that leaves too few columns shows no width', async () => {
    const wide = logits.map((z) => z.slice(0, width + 6));
    const names = [...namesOf(0).slice(0, width + 5), namesOf(0)[0]];
    const line = (z: number[]): string =>
      JSON.stringify(
        ordered(
          softmax(z).map((score, j) => ({ label: names[j], score })),
          'by score',
        ),
      );
    const file = await opened('narrow.jsonl', wide.map(line).join('\n'));
    expect([null, width]).toContain(await widthOf(file));
  });

  it('refuses columns that are not there', async () => {
    const file = await opened('columns.jsonl', log(logits, 1, softmax, 'by score'));
    await expect(fingerprint(file.rows, { leaveOut: [classes] })).rejects.toThrow('leaveOut');
  });
});
