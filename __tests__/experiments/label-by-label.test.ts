import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compareLabels } from '../../lib/experiments/index.js';
import { labelsOf, openLabels, openRows, type LoggedLabels } from '../../lib/logs/index.js';
import { numbers } from '../leaks/data.js';

/** Logs that have the best class of each row alone, compared by the ids of their requests. */

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'labels-'));
});
afterAll(() => rm(folder, { recursive: true }));

let files = 0;
async function written(text: string, ending: string): Promise<string> {
  const path = join(folder, `log${files++}.${ending}`);
  await writeFile(path, text);
  return path;
}

const names = ['tench', 'bald eagle', 'gecko', 'ostrich', 'jay'];
const { uniform } = numbers(6);
const rows = 60;
const first = Array.from({ length: rows }, () => names[Math.floor(5 * uniform())]);
/** The next version answers every sixth request otherwise. */
const next = first.map((name, i) => (i % 6 === 0 ? names[(names.indexOf(name) + 1) % 5] : name));
const id = (i: number): string => `req-${(i * 37) % 997}`;
const csv = (labels: string[], header = 'request_id,label,score'): string =>
  [header, ...labels.map((label, i) => [id(i), label, (0.5 + (i % 40) / 100).toFixed(2)].join())].join('\n');
const json = (labels: string[], record: (label: string, i: number) => object): string =>
  labels.map((label, i) => JSON.stringify(record(label, i))).join('\n');

describe('labels by the ids of their requests', () => {
  it.each<[string, string, string, string]>([
    ['CSV with scores', csv(next), 'csv', 'label'],
    ['CSV without scores', csv(next).replace(/,[^,]*$/gm, ''), 'csv', 'label'],
    [
      'another name and case',
      csv(
        next.map((name) => name.toUpperCase()),
        'Request-ID,predicted_class,conf',
      ),
      'csv',
      'predicted_class',
    ],
    ['tabs', csv(next).replaceAll(',', '\t'), 'tsv', 'label'],
    ['JSON', json(next, (label, i) => ({ request_id: id(i), label, score: 0.5 })), 'jsonl', 'label'],
    ['JSON without scores', json(next, (top1, i) => ({ request_id: id(i), top1 })), 'jsonl', 'top1'],
    [
      'a list of one',
      json(next, (label, i) => ({ request: { id: id(i) }, predictions: [{ label, score: 0.5 }] })),
      'jsonl',
      'predictions.label',
    ],
    [
      'behind a time, with messages between',
      next
        .map((label, i) => `2026-01-01 INFO ${JSON.stringify(i % 9 ? { id: id(i), label } : { msg: 'ok' })}`)
        .join('\n'),
      'log',
      'label',
    ],
  ])('%s', async (shape, text, ending, column) => {
    const one = (await openLabels(await written(csv(first), 'csv')))!;
    const other = (await openLabels(await written(text, ending)))!;
    expect(other.column).toBe(column);
    const { rowByRow } = await compareLabels([one, other]);
    const all = shape.includes('messages') ? Array.from(first.keys()).filter((i) => i % 9) : [...first.keys()];
    expect(rowByRow).toMatchObject({
      ...{ column: 'request_id', rows: all.length, labels: true },
      sameTop: all.filter((i) => i % 6 !== 0).length,
    });
    expect(rowByRow!.byChance.likelihood).toBeLessThan(1e-3);
  });

  it('beside a log of all outputs', async () => {
    const header = ['request_id', ...names].join();
    const lines = next.map((name, i) => [id(i), ...names.map((own) => (own === name ? 0.6 : 0.1))].join());
    const outputs = await labelsOf(await openRows(await written([header, ...lines].join('\n'), 'csv')));
    const one = (await openLabels(await written(csv(first), 'csv')))!;
    expect((await compareLabels([one, outputs])).rowByRow).toMatchObject({ rows, sameTop: 50 });
  });

  it('beside a log whose rounding ties its best classes: any of these', async () => {
    const header = ['request_id', ...names].join();
    const outputs = async (tied: number): Promise<LoggedLabels> => {
      const lines = first.map((name, i) => {
        const best = names.indexOf(name);
        return [id(i), ...names.map((_, j) => (j === best || j === (best + tied) % 5 ? 0.4 : 0.1))].join();
      });
      return labelsOf(await openRows(await written([header, ...lines].join('\n'), 'csv')));
    };
    const one = (await openLabels(await written(csv(first), 'csv')))!;
    expect((await compareLabels([one, await outputs(1)])).rowByRow).toMatchObject({ sameTop: rows });
    // Neither of two is the label where both are others.
    const other = (await openLabels(await written(csv(next), 'csv')))!;
    expect((await compareLabels([other, await outputs(2)])).rowByRow).toMatchObject({ sameTop: 50 });
  });
});

describe('scores beside labels', () => {
  const shares = first.map((_, i) => 0.3 + ((i * 7919) % 691) / 1000);
  const table = (scores: readonly (number | string)[], column = 'score'): string =>
    [`request_id,label,${column}`, ...first.map((label, i) => [id(i), label, scores[i]].join())].join('\n');
  const to = (decimals: number, scale = 1): string[] => shares.map((value) => (scale * value).toFixed(decimals));
  const others = shares.map((value) => value - 0.05);

  it.each<[string, string, string, number]>([
    ['the same', table(to(3)), 'csv', rows],
    ['other ones', table(others), 'csv', 0],
    ['rounded further', table(to(2), 'conf'), 'csv', rows],
    ['in percent', table(to(1, 100), 'confidence_pct'), 'csv', rows],
    ['fractions of another name', table(to(3), 'value'), 'csv', rows],
    [
      'JSON',
      json(first, (label, i) => ({ request_id: id(i), ms: i, top: [{ label, probability: shares[i] }] })),
      'jsonl',
      rows,
    ],
    ['JSON, other ones', json(first, (label, i) => ({ request_id: id(i), label, score: others[i] })), 'jsonl', 0],
  ])('are compared: %s', async (_, text, ending, sameNumbers) => {
    const one = (await openLabels(await written(table(to(3)), 'csv')))!;
    const other = (await openLabels(await written(text, ending)))!;
    const { rowByRow } = await compareLabels([one, other]);
    expect(rowByRow).toMatchObject({ rows, sameTop: rows, sameNumbers });
    expect(rowByRow!.uncompared).toBeUndefined();
  });

  it('are compared with the largest of all outputs', async () => {
    const header = ['request_id', ...names].join();
    const outputs = async (best: number[]): Promise<LoggedLabels> => {
      const lines = first.map((name, i) =>
        [id(i), ...names.map((own) => (own === name ? best[i] : (1 - best[i]) / 4))].join(),
      );
      return labelsOf(await openRows(await written([header, ...lines].join('\n'), 'csv')));
    };
    const one = (await openLabels(await written(table(to(3)), 'csv')))!;
    expect((await compareLabels([one, await outputs(shares)])).rowByRow).toMatchObject({ sameNumbers: rows });
    expect((await compareLabels([one, await outputs(others)])).rowByRow).toMatchObject({ sameNumbers: 0 });
  });

  it.each<[string, string, string[]]>([
    ['one log has none', table(first.map(() => '')).replaceAll(/,[^,]*$/gm, ''), ['score']],
    ['one log has logits', table(shares.map((value) => 20 * value)), ['score']],
    [
      'several are called so',
      json(first, (label, i) => ({ request_id: id(i), label, prob: shares[i], confidence: others[i] })),
      ['score', 'prob', 'confidence'],
    ],
  ])('are not compared, and that is said, where %s', async (_, text, uncompared) => {
    const one = (await openLabels(await written(table(to(3)), 'csv')))!;
    const other = (await openLabels(await written(text, text.startsWith('{') ? 'jsonl' : 'csv')))!;
    expect((await compareLabels([one, other])).rowByRow).toMatchObject({ sameNumbers: null, uncompared });
  });
});

it('no labels, other labels, no ids: that is said', async () => {
  expect(await openLabels(await written('id,weight\n1,2\n2,3\n', 'csv'))).toBeNull();
  const one = (await openLabels(await written(csv(first), 'csv')))!;
  const foundOf = async (other: LoggedLabels | null): Promise<unknown> => (await compareLabels([one, other!])).found;
  const german = csv(next.map((name) => `x${name.length}`));
  expect(await foundOf(await openLabels(await written(german, 'csv')))).toMatchObject({ kind: 'other-labels' });
  const bare = csv(next).replace(/^[^,]*,/gm, '');
  expect(await foundOf(await openLabels(await written(bare, 'csv')))).toEqual({
    ...{ kind: 'no-ids', columns: [['request_id'], []] },
  });
});
