import { Ajv } from 'ajv';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { ResultRow, Results } from '../../lib/index.js';
import { openSafetensors, toNdArray, writeNpy } from '../../lib/tensor/index.js';
import { naming } from '../support/coded.js';
import { runCli, temporaryFolder, writeClassifier } from './support.js';

/** Arrays and logs in the place of models and stores. */

const folder = temporaryFolder();
const at = (...names: string[]): string => path.join(folder, ...names);

async function json<T>(args: string[], code = 0): Promise<T> {
  const finished = await runCli([...args, '--json', '--quiet']);
  expect({ code: finished.code, stderr: finished.stderr }).toEqual({ code, stderr: '' });
  return JSON.parse(finished.stdout) as T;
}

let run: Results;
beforeAll(async () => {
  const model = await writeClassifier(at('model.onnx'), { d: 6, c: 9 });
  const sets = ['--train', 'synthetic:train[0:300]', '--test', 'synthetic:test[0:120]'];
  run = await json<Results>(['run', '1', '--source', model, ...sets, '--out', at('run')]);
  for (const name of await readdir(at('run', 'stores'))) {
    if (!name.endsWith('.safetensors')) continue;
    const store = await openSafetensors(at('run', 'stores', name));
    const set = name.includes('train') ? 'train' : 'test';
    for (const [tensor, file] of [
      ['features', `F-${set}.npy`],
      ['logits', `Z-${set}.npy`],
      ['head.weight', 'W.npy'],
      ['head.bias', 'b.npy'],
    ]) {
      await writeNpy(at(file), await store.read(tensor));
    }
    const rows = store.rows('logits');
    const values = await rows.read(0, rows.rows);
    const lines = Array.from({ length: rows.rows }, (_, i) =>
      JSON.stringify({ id: i, logits: Array.from(values.subarray(9 * i, 9 * i + 9)) }),
    );
    await writeFile(at(`Z-${set}.jsonl`), lines.join('\n'));
    await store.close();
  }
  await json(['fit', '--x', at('Z-train.npy'), '--y', at('F-train.npy'), '--out', at('map.safetensors')]);
});

const evaluate = (...more: string[]): string[] => [
  ...['evaluate', '--map', at('map.safetensors'), '--x', at('Z-test.npy'), '--logits', at('Z-test.npy')],
  ...['--truth', at('F-test.npy'), ...more],
];
const head = ['--head', at('W.npy'), '--bias', at('b.npy')];

/** What the arrays of an image do not tell, or another run has of its own. */
const own = ['source', 'target', 'train', 'test', 'seconds', 'accuracy', 'warnings'];
const figuresOf = (row: ResultRow): [string, unknown][] =>
  Object.entries(row)
    .filter(([name]) => !own.includes(name))
    .sort(([a], [b]) => (a < b ? -1 : 1));

test('arrays end in the same figures as a run', async () => {
  const results = await json<Results>(evaluate(...head, '--trained-on', at('Z-train.npy'), '--out', at('out')));
  const plain = run.rows.find(({ prior, alpha }) => prior === null && alpha === 0)!;
  expect(figuresOf(results.rows[0])).toEqual(figuresOf(plain));
  expect(results.rows[0]).toMatchObject({ source: 'W.npy', target: 'W.npy', agreement: 1, inSpanShare: 1, overlap: 0 });
  expect(results.experiment).toBe(1);
  const written = JSON.parse(await readFile(at('out', 'results.json'), 'utf8')) as Results;
  const schema = JSON.parse(await readFile('assets/results.schema.json', 'utf8')) as object;
  expect(new Ajv({ strict: false }).validate(schema, written)).toBe(true);
  expect(await readFile(at('out', 'report.html'), 'utf8')).toContain('Z-test.npy');
  expect((await runCli(['report', at('out'), '--format', 'md'])).code).toBe(0);
});

test('exact by theorem is one answer: only of least squares on the rows that are named, and then without an interval', async () => {
  const exact = await runCli([
    ...evaluate(...head, '--trained-on', at('Z-train.npy'), '--out', at('exact')),
    '--quiet',
  ]);
  const [first] = exact.stdout.split('\n');
  expect(first).toMatch(naming('100.00 %', 'exact'));
  expect(first).not.toContain('95 %');
  const estimate = await runCli([...evaluate(...head, '--out', at('estimate')), '--quiet']);
  expect(estimate.stdout.split('\n')[0]).toContain('95 %');
  const exactOf = async (map: string, trainedOn: string): Promise<unknown> => {
    const args = evaluate(...head, '--trained-on', at(trainedOn), '--out', at('other'));
    return (await json<Results>(args.map((each) => (each === at('map.safetensors') ? at(map) : each)))).rows[0].exact;
  };
  expect(await exactOf('map.safetensors', 'Z-train.npy')).toBeDefined();
  // Other rows than the map's file tells of, and a map that was kept near some other one.
  expect(await exactOf('map.safetensors', 'Z-test.npy')).toBeUndefined();
  const near = ['--prior', at('map.safetensors'), '--out', at('near.safetensors')];
  await json(['fit', '--x', at('Z-train.npy'), '--y', at('F-train.npy'), ...near]);
  expect(await exactOf('near.safetensors', 'Z-train.npy')).toBeUndefined();
});

test('features that somebody else read are called so: neither a fit nor a model is made up', async () => {
  const args = [
    ...['evaluate', '--features', at('F-test.npy'), '--logits', at('Z-test.npy')],
    '--truth',
    at('F-test.npy'),
  ];
  const { stdout, code } = await runCli([...args, ...head, '--out', at('given'), '--quiet']);
  expect(code).toBe(0);
  expect(stdout).toMatch(naming('W.npy', 'from F-test.npy', 'not known'));
  for (const made of ['least squares', 'logits of', '(0)']) expect(stdout).not.toContain(made);
  const page = await readFile(at('given', 'report.html'), 'utf8');
  for (const made of ['least squares', 'logits of F-test', 'not known (0)']) expect(page).not.toContain(made);
});

test('rows that were fitted on are counted; without them it is said what is not known', async () => {
  const again = await json<Results>(evaluate(...head, '--trained-on', at('Z-test.npy'), '--out', at('again')));
  expect(again.rows[0].warnings).toContainEqual({ kind: 'rows-fitted-on', shared: 120, of: 120 });
  const without = await json<Results>(evaluate(...head, '--out', at('without')));
  expect(without.rows[0]).toMatchObject({ inSpanShare: null, nTrain: 300 });
  expect(without.rows[0].warnings).toContainEqual({ kind: 'span-unknown' });
});

test('a head without its bias is told by the true features', async () => {
  const { notes } = await json<{ notes: string[] }>(evaluate('--head', at('W.npy')));
  expect(notes.join(' ')).toMatch(/without a bias[^]*gives other logits than --logits/);
});

test('logs in the place of arrays, with what was taken of them', async () => {
  const fit = await json<{ rank: number; notes: string[] }>([
    ...['fit', '--x', at('Z-train.jsonl'), '--y', at('F-train.npy'), '--out', at('from-log.safetensors')],
  ]);
  expect(fit.rank).toBe(6);
  expect(fit.notes.join(' ')).toMatch(/Took 9 columns as outputs.*left out id/);
  const { agreement, notes } = await json<{ agreement: { agreed: number }; notes: string[] }>([
    ...['evaluate', ...head, '--map', at('from-log.safetensors'), '--x', at('Z-test.jsonl')],
    ...['--logits', at('Z-test.jsonl')],
  ]);
  expect(agreement.agreed).toBe(120);
  expect(notes.join(' ')).toContain('Took 9 columns');
});

test('the best classes alone are answers; names in another order from row to row are not', async () => {
  const file = await openSafetensors(
    at(
      'run',
      'stores',
      (await readdir(at('run', 'stores'))).find((name) => /test.*safetensors$/.test(name))!,
    ),
  );
  const rows = file.rows('logits');
  const values = await rows.read(0, rows.rows);
  await file.close();
  const best = (name: (j: number) => string | number, k: number): string =>
    Array.from({ length: 120 }, (_, i) => {
      const row = Array.from(values.subarray(9 * i, 9 * i + 9));
      const order = row.map((_, j) => j).sort((a, b) => row[b] - row[a]);
      return JSON.stringify(order.slice(0, k).map((j) => ({ label: name(j), score: row[j] })));
    }).join('\n');
  await writeFile(
    at('best.jsonl'),
    best((j) => j, 3),
  );
  await writeFile(
    at('names.jsonl'),
    best((j) => 'qwertyuio'[j], 9),
  );
  await writeFile(
    at('labels.jsonl'),
    best((j) => `LABEL_${j}`, 9),
  );
  for (const log of ['best.jsonl', 'labels.jsonl']) {
    const { agreement } = await json<{ agreement: { agreed: number } }>([
      ...['evaluate', ...head, '--features', at('F-test.npy'), '--logits', at(log)],
    ]);
    expect(agreement.agreed).toBe(120);
  }
  const { code, stderr } = await runCli([
    'evaluate',
    ...head,
    '--features',
    at('F-test.npy'),
    '--logits',
    at('names.jsonl'),
  ]);
  expect([code, stderr]).toEqual([1, expect.stringContaining('it is not known which class of the head')]);
});

test('class embeddings in .npy are read', async () => {
  await writeNpy(
    at('classes.npy'),
    toNdArray(
      Float32Array.from({ length: 27 }, (_, i) => Math.sin(i * i)),
      [9, 3],
    ),
  );
  const { readClassEmbeddings } = await import('../../lib/experiments/zero-shot-file.js');
  expect((await readClassEmbeddings(at('classes.npy'))).weight.shape).toEqual([9, 3]);
});

test('what goes together', async () => {
  for (const [args, says] of [
    [['evaluate', ...head, '--features', at('F-test.npy'), '--logits', at('Z-test.npy'), '--out', at('x')], '--truth'],
    [[...evaluate(...head), '--trained-on', at('Z-train.npy')], '--trained-on'],
    [[...evaluate('--head', at('model.onnx'), '--bias', at('b.npy'))], 'which has its own'],
    [['fit', '--x', at('Z-train.npy'), '--y', at('F-train.npy'), '--out', at('m'), '--bias', at('b.npy')], '--bias'],
  ] as const) {
    const { code, stderr } = await runCli([...args]);
    expect([code, stderr]).toEqual([2, expect.stringContaining(says)]);
  }
});

test('a map from logits to features is no head', async () => {
  const { code, stderr } = await runCli(evaluate('--head', at('map.safetensors')));
  expect([code, stderr]).toEqual([1, expect.stringContaining('Expected a head of')]);
});
