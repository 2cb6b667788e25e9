import { Ajv } from 'ajv';
import { copyFile, mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Results } from '../../lib/index.js';
import { observe, recoverFeatures } from '../../lib/leaks/index.js';
import { openSafetensors, toNdArray, writeNpy, type RowSource } from '../../lib/tensor/index.js';
import { made } from '../leaks/data.js';
import { runCli, temporaryFolder, writeCifar, writeClassifier } from './support.js';

/** What outputs give away, over files and made-up models. */

const folder = temporaryFolder();
const at = (...names: string[]): string => path.join(folder, ...names);
const exists = (file: string): Promise<boolean> =>
  stat(file).then(
    () => true,
    () => false,
  );

async function json<T>(args: string[], code = 0): Promise<T> {
  const finished = await runCli([...args, '--json', '--quiet']);
  expect({ code: finished.code, stderr: finished.stderr }).toEqual({ code, stderr: '' });
  return JSON.parse(finished.stdout) as T;
}

async function npy(file: string, source: RowSource): Promise<string> {
  await writeNpy(file, toNdArray((await source.read(0, source.rows)) as Float32Array, [source.rows, source.cols]));
  return file;
}

/** As a web service logs it: a header, an id, a time, a probability for each class, the answer. */
async function log(file: string, logits: RowSource): Promise<string> {
  const [n, c] = [logits.rows, logits.cols];
  const probabilities = await observe(logits, 'probs').read(0, n);
  const lines = ['request_id,time,' + Array.from({ length: c }, (_, j) => `p_class${j}`).join(',') + ',label'];
  for (let i = 0; i < n; i++) {
    const row = Array.from(probabilities.subarray(i * c, (i + 1) * c));
    lines.push([`r-${i}`, `2026-01-01T00:00:${i % 60}`, ...row, `class${row.indexOf(Math.max(...row))}`].join(','));
  }
  await writeFile(file, lines.join('\n'));
  return file;
}

const sphere = made('sphere', 500, 16, 30);
const rectified = made('rectified', 4000, 12, 30);
beforeAll(async () => {
  await npy(at('sphere.npy'), sphere.logits);
  await npy(at('sphere-features.npy'), sphere.features);
  await npy(at('rectified.npy'), rectified.logits);
  await npy(at('rectified-features.npy'), rectified.features);
  await log(at('log.csv'), sphere.logits);
});

describe('fingerprint', () => {
  test('of a CSV of probabilities as a web service logs it', async () => {
    expect(await json(['fingerprint', at('log.csv')])).toMatchObject({
      rows: 500,
      classes: 30,
      kind: 'probabilities',
      hiddenWidth: 16,
      normalised: true,
      notes: [expect.stringContaining('left out request_id, time, label (text)')],
    });
  });

  test('of two files, and whether one head made both', async () => {
    const same = await json<{ sameHead: { same: boolean }; files: { hiddenWidth: number }[] }>([
      'fingerprint',
      at('log.csv'),
      at('sphere.npy'),
      '--no-features',
    ]);
    expect(same.sameHead.same).toBe(true);
    expect(same.files.map(({ hiddenWidth }) => hiddenWidth)).toEqual([16, 16]);
    const { stdout } = await runCli(['fingerprint', at('sphere.npy'), at('rectified.npy'), '--no-features', '--quiet']);
    expect(stdout).toMatch(/normalised {4}not looked for/);
    // What was asked of both is answered first.
    expect(stdout).toMatch(/^Two heads[^]*hidden width {2}at least 16,.*\n[^]*hidden width {2}at least 12,.*\n/);
  });

  test('of two files that cannot be compared: that is said first, and what would answer it', async () => {
    const { stdout } = await runCli([
      'fingerprint',
      at('sphere.npy'),
      at('sphere.npy'),
      '--observe',
      'probs+topk:5',
      '--quiet',
    ]);
    expect(stdout).toMatch(/^The spans cannot be compared[^]*column ‘id’[^]*\n\noutputs/);
  });

  test('of two logs with ids, row by row', async () => {
    const { sameHead } = await json<{ sameHead: { rowByRow: unknown; sentence: string } }>([
      ...['fingerprint', at('log.csv'), at('log.csv'), '--no-features'],
    ]);
    expect(sameHead.rowByRow).toMatchObject({ column: 'request_id', rows: 500, sameTop: 500, sameNumbers: 500 });
    expect(sameHead.sentence).toMatch(/^Row by row \(paired by ‘request_id’/);
  });

  test('as an interface would show them', async () => {
    expect(await json(['fingerprint', at('sphere.npy'), '--observe', 'probs+topk:5'])).toMatchObject({
      kind: 'truncated',
      hiddenWidth: null,
    });
  });
});

describe('recover', () => {
  test('features up to a rotation from a CSV, with a head that gives the answers of the model', async () => {
    const report = await json<{ certified: boolean; comparison: { r2: number; equalNeighbours: number } }>([
      ...[
        'recover',
        at('log.csv'),
        '--out',
        at('new', 'features.safetensors'),
        '--head',
        at('new', 'head.safetensors'),
      ],
      ...['--features', at('sphere-features.npy')],
    ]);
    expect(report).toMatchObject({ kind: 'sphere', certified: true, rank: 15, features: 15 });
    expect(1 - report.comparison.r2).toBeLessThan(1e-8);
    expect(report.comparison.equalNeighbours).toBe(1);
    const { agreement } = await json<{ agreement: { agreed: number } }>([
      ...['evaluate', '--head', at('new', 'head.safetensors'), '--features', at('new', 'features.safetensors')],
      ...['--logits', at('sphere.npy')],
    ]);
    expect(agreement.agreed).toBe(500);
  });

  test('features one by one, the others in coordinates of their own', async () => {
    const out = at('rectified.safetensors');
    const report = await json<{ features: number; comparison: { worst: number } }>([
      ...[
        'recover',
        at('rectified.npy'),
        '--kind',
        'rectified',
        '--out',
        out,
        '--features',
        at('rectified-features.npy'),
      ],
    ]);
    expect(report).toMatchObject({ kind: 'rectified', certified: true, rank: 12 });
    expect(1 - report.comparison.worst).toBeLessThan(1e-9);
    const file = await openSafetensors(out);
    expect(file.tensors.get('features')!.shape).toEqual([4000, report.features]);
    if (report.features < 12) expect(file.tensors.get('all')!.shape).toEqual([4000, 12]);
    await file.close();
  });

  test('a seed is a whole number, 0 or above', async () => {
    for (const seed of ['0.5', '-1', 'x']) {
      const { code, stderr } = await runCli(['recover', at('rectified.npy'), '--out', at('no'), `--seed=${seed}`]);
      expect(code).toBe(2);
      expect(stderr).toMatch(/--seed.*Expected a (whole )?number/);
    }
  });

  test('another seed is another search', async () => {
    const { logits } = made('rectified', 160, 8, 16);
    const file = await npy(at('few-rectified.npy'), logits);
    const descents = async (...seed: string[]): Promise<number> => {
      const args = ['recover', file, '--kind', 'rectified', '--out', at('seeded.safetensors'), ...seed];
      return (await json<{ iterations: number }>(args)).iterations;
    };
    const { report } = await recoverFeatures(logits, { kind: 'rectified', seed: 2 });
    expect(await descents('--seed', '2')).toBe(report.iterations);
    expect(await descents()).not.toBe(report.iterations);
  });

  test('several files of one model are put together', async () => {
    const report = await json(['recover', at('sphere.npy'), at('sphere.npy'), '--out', at('twice.safetensors')]);
    expect(report).toMatchObject({ certified: true, rows: { given: 1000, distinct: 500 } });
  });

  test('without a certificate nothing is written, and the exit code says so', async () => {
    await npy(at('silu.npy'), made('silu', 2000, 12, 30).logits);
    const report = await json<{ sentence: string }>(['recover', at('silu.npy'), '--out', at('silu.safetensors')], 1);
    expect(report).toMatchObject({ certified: false, kind: null });
    expect(report.sentence).toContain('invertible map');
    expect(await exists(at('silu.safetensors'))).toBe(false);
  });
});

describe('outputs that cannot be used end with 1 and one sentence', () => {
  const broken = async (name: string, change: (data: Float32Array) => void): Promise<string> => {
    const data = Float32Array.from(await observe(sphere.logits, 'probs').read(0, 500));
    change(data);
    await writeNpy(at(name), toNdArray(data, [500, 30]));
    return at(name);
  };
  test.each<[string, (data: Float32Array) => void, RegExp]>([
    ['nan.npy', (data) => (data[65] = NaN), /found NaN in row 2 \(counted from 0\), column 5/],
    [
      'constant.npy',
      (data) => data.forEach((_, i) => (data[i] = i % 30 === 3 ? 0.01 : data[i])),
      /found 0.0099.* in all 500 rows of column 3|sum to one/,
    ],
    ['sums.npy', (data) => (data[0] = 0.9), /sum to one, found .* in row 0/],
    [
      'copies.npy',
      (data) => data.forEach((_, i) => (data[i] = data[i % 900])),
      /found 30 \(500 rows, 470 of them copies/,
    ],
  ])('%s', async (name, change, message) => {
    const file = await broken(name, change);
    const { code, stdout, stderr } = await runCli(['recover', file, '--out', at('bad.safetensors'), '--quiet']);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(message);
    expect(stderr.trim().split('\n')).toHaveLength(1);
    expect(await exists(at('bad.safetensors'))).toBe(false);
  });

  test('too few rows, and how many it takes', async () => {
    await npy(at('few.npy'), made('sphere', 60, 16, 30).logits);
    const { code, stderr } = await runCli(['recover', at('few.npy'), '--out', at('few.safetensors'), '--quiet']);
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /^error: Expected more distinct rows, found 60: .* it takes 220 for features behind a normalisation, /,
    );
  });

  test('what no interface shows', async () => {
    const { code, stderr } = await runCli(['fingerprint', at('sphere.npy'), '--observe', 'softmax']);
    expect(code).toBe(2);
    expect(stderr).toMatch(/topk:K.*found 'softmax'/);
  });
});

describe('with a model', () => {
  let model: string;
  beforeAll(async () => {
    await writeCifar(at('data'));
    model = await writeClassifier(at('made.onnx'), { d: 6, c: 10 });
  });
  const data = (): string[] => ['--data-dir', at('data')];

  async function expectSchema(results: unknown): Promise<void> {
    const schema = JSON.parse(await readFile('assets/results.schema.json', 'utf8')) as object;
    const validate = new Ajv({ strict: false, allErrors: true }).compile(schema);
    expect(validate(results) ? null : validate.errors).toBeNull();
  }

  test('extract --vary stores variations, the images themselves among them', async () => {
    const plain = ['extract', '--model', model, '--dataset', 'cifar10:test[0:20]', ...data(), '--store'];
    await json([...plain, at('plain.safetensors')]);
    expect(await json([...plain, at('varied.safetensors'), '--vary', '3'])).toMatchObject({ rows: 60 });
    const [a, b] = [await openSafetensors(at('plain.safetensors')), await openSafetensors(at('varied.safetensors'))];
    const [x, y] = [await a.rows('features').read(0, 20), await b.rows('features').read(0, 60)];
    for (let i = 0; i < 20; i++) expect(y.slice(18 * i, 18 * i + 6)).toEqual(x.slice(6 * i, 6 * i + 6));
    await a.close();
    await b.close();
  });

  test('sweep: a row for what is shown', async () => {
    const specs = ['logits', 'probs', 'probs+topk:2'];
    const args = ['--source', model, '--train', 'cifar10:train', '--test', 'cifar10:test', ...data()];
    const results = await json<Results>(['sweep', ...args, '--out', at('sweep'), '--observe', ...specs]);
    await expectSchema(results);
    expect(results.rows.map(({ observe: shown, prior }) => [shown ?? 'logits', prior])).toEqual([
      ['logits', null],
      ['logits', 'head'],
      ['probs', null],
      ['probs+topk:2', null],
    ]);
    expect(results.rows[0].agreement).toBe(1);
    const [{ r2: all }, , { r2: some }, { r2: few }] = results.rows;
    expect(all! > some! && some! > few!).toBe(true);
    expect(JSON.parse(await readFile(at('sweep', 'results.json'), 'utf8'))).toEqual(results);
  });

  test('audit of a log, without a model: what is not known is said, and no figure stands for it', async () => {
    const { code, stdout } = await runCli(['audit', at('log.csv'), '--out', at('audit-log'), '--quiet']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^\* Anyone who has these 500 rows of 30 outputs \(log\.csv\) has a normalised\s+vector/);
    expect(stdout).toMatch(/at least 16 numbers wide[^]*takes\s+the\s+model[^]*left out request_id, time/);
    const results = JSON.parse(await readFile(at('audit-log', 'results.json'), 'utf8')) as Results;
    expect(results).toMatchObject({
      rows: [],
      leaks: {
        verdict: { level: 'features', r2: null, above99: null },
        fingerprint: { hiddenWidth: 16, normalised: true },
        recovery: { certified: true },
        comparison: null,
        log: { name: 'log.csv' },
      },
      environment: { models: [], datasets: [{ spec: 'outputs:log.csv', size: 500 }] },
    });
    const schema = JSON.parse(await readFile('assets/results.schema.json', 'utf8')) as object;
    expect(new Ajv({ strict: false }).validate(schema, results)).toBe(true);
    const page = await readFile(at('audit-log', 'report.html'), 'utf8');
    expect(page).toContain('What the outputs of log.csv give away');
    expect(page).not.toContain('Experiment 1');
  });

  test('audit of a log of too few rows, of one cut to the best, of a model without images', async () => {
    const few = (await readFile(at('log.csv'), 'utf8')).split('\n').slice(0, 60).join('\n');
    await writeFile(at('few.csv'), few);
    const audited = await json<Results>(['audit', at('few.csv'), '--out', at('audit-few')]);
    expect(audited.leaks!.verdict.level).toBe('unknown');
    expect(audited.leaks!.verdict.findings.slice(0, 2)).toMatchObject([
      { kind: 'readings-unknown' },
      { kind: 'rows-too-few' },
    ]);
    const best = ['cat', 'dog', 'bird', 'frog'].flatMap((a, i, all) =>
      all.filter((b) => b !== a).map((b, k) => JSON.stringify({ [a]: 0.5 + (i + k) / 40, [b]: 0.2 + k / 30 })),
    );
    await writeFile(at('best.jsonl'), best.join('\n'));
    const cut = await json<Results>(['audit', at('best.jsonl'), '--out', at('audit-best')]);
    expect(cut.leaks!.fingerprint).toMatchObject({ kind: 'truncated', hiddenWidth: null });
    expect(cut.leaks!.reason).toEqual({ kind: 'outputs-hidden', rows: true });
    const model = await writeClassifier(at('alone.onnx'), { d: 4, c: 3 });
    const { code, stderr } = await runCli(['audit', model]);
    expect([code, stderr]).toEqual([2, expect.stringContaining('Expected images beside the model')]);
    // What a log alone cannot be asked is refused, not passed over.
    for (const asked of [
      ['--sample', '9'],
      ['--channels', 'bgr'],
      ['--vary', '2'],
    ]) {
      const refused = await runCli(['audit', at('log.csv'), ...asked]);
      expect([refused.code, refused.stderr]).toEqual([2, expect.stringContaining(`Expected ${asked[0]} with a model`)]);
    }
  });

  test('audit: a verdict first, then the table, and all of it in results.json', async () => {
    const args = ['audit', model, 'cifar10:train', ...data(), '--vary', '4', '--out', at('audit'), '--quiet'];
    const { code, stdout, stderr } = await runCli(args);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout.replace(/\s+/g, ' ')).toMatch(
      /^Publishing the logits of made publishes its features: .* any other image\. Anyone who sees all 10 outputs of made \(logits, or probabilities, at full float32 precision\) for 300 images in 4 variations each can compute \d of this model's 6 features/,
    );
    expect(stdout).toMatch(/^top 5 probabilities, 2 decimals /m);
    expect(stdout.split('\n').every((line) => line.length <= 90)).toBe(true);
    const results = JSON.parse(await readFile(at('audit', 'results.json'), 'utf8')) as Results;
    await expectSchema(results);
    expect(results.leaks).toMatchObject({
      verdict: { level: 'features' },
      fingerprint: { rank: 6, normalised: false, rectified: true },
      recovery: { kind: 'rectified', certified: true },
      comparison: { kind: 'rectified' },
      reason: null,
    });
    const { comparison } = results.leaks!;
    if (comparison?.kind === 'rectified') expect(1 - comparison.worst).toBeLessThan(1e-9);
    // Four of five images to fit on, with all of their variations.
    expect(results.rows[0].nTrain + results.rows[0].nTest).toBe(1200);
    expect(results.rows[0].nTrain % 4).toBe(0);
    expect(results.rows[0].nTest).toBeGreaterThan(120);
    expect(results.rows[0].nTest).toBeLessThan(360);
  });

  test('audit: variations are no images of their own', async () => {
    const few = [
      'audit',
      model,
      'cifar10:train[0:32]',
      ...data(),
      '--vary',
      '4',
      '--observe',
      'logits',
      'probs+topk:2',
    ];
    const { rows, leaks } = await json<Results>([...few, '--minutes', '0.5', '--out', at('audit-few')]);
    expect(rows[0].nTrain).toBeGreaterThan(30);
    // Each image was kept out once in each split, itself and not its variations.
    expect(leaks!.interfaces!.map(({ observe: shown, read }) => [shown, read!.images])).toEqual([
      ['logits', 32],
      ['probs+topk:2', 32],
    ]);
    expect(leaks!.interfaces![0].read).toMatchObject({ kind: 'exact', interval: null });
    expect(leaks!.interfaces![1].read!.splits!.repeats).toBeGreaterThan(3);
    expect(leaks!.verdict.findings.filter(({ kind }) => kind === 'images-too-few')).toEqual([]);
  });

  test('audit: two versions of a model side by side', async () => {
    const other = await writeClassifier(at('other.onnx'), { d: 12, c: 5 });
    const args = [
      'audit',
      model,
      other,
      'cifar10:train[0:60]',
      ...data(),
      '--vary',
      '1',
      '--observe',
      'logits',
      'probs+topk:2',
    ];
    const { code, stdout, stderr } = await runCli([...args, '--budget', '5s', '--out', at('audit-two'), '--quiet']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/what you publish +made +other\n/);
    expect(stdout).toMatch(/^logits +all \(exact\) +\d+ %|^logits +all \(exact\) +not known/m);
    for (const k of ['1', '2'])
      await expectSchema(JSON.parse(await readFile(at('audit-two', k, 'results.json'), 'utf8')));
    // The page says what the terminal does of who tells them apart.
    const both = await readFile(at('audit-two', 'report.html'), 'utf8');
    expect(stdout.replace(/\s+/g, ' ')).toContain('sees that these are two models.');
    expect(both).toContain('sees that these are two models.');
    expect(both).toContain('What the outputs of made and other give away');
    // Versions in folders of their own are often called the same.
    for (const version of ['v1', 'v2']) {
      await mkdir(at(version), { recursive: true });
      await copyFile(version === 'v1' ? model : other, at(version, 'model.onnx'));
    }
    const versions = [at('v1', 'model.onnx'), at('v2', 'model.onnx')];
    const twice = ['audit', ...versions, ...args.slice(3), '--budget', '5s', '--out', at('audit-same'), '--quiet'];
    expect((await runCli(twice)).code).toBe(0);
    const page = await readFile(at('audit-same', 'report.html'), 'utf8');
    for (const version of versions) expect(page).toContain(`What the outputs of ${version} give away`);
  });

  test.each([
    [['x.onnx', 'y.onnx'], 'Expected images after the models'],
    [['a.onnx', 'b.onnx', 'c.onnx', 'photos'], 'Expected one or two models and images'],
    [['a.onnx', 'photos', '--budget', 'soon'], "found 'soon'"],
    [['a.onnx', 'photos', '--budget', '0 min'], 'Expected a time above 0'],
    [['a.onnx', 'photos', '--budget', '2 days'], "found the unit 'days'"],
    [['a.onnx', 'photos', '--budget', '30'], 'Expected a time with its unit, such as 30s or 30m'],
    [['a.onnx', 'photos', '--budget', '1m30'], "found '1m30'"],
    [['a.onnx', 'photos', '--at-most', '50'], 'Expected --observe with --at-most'],
    [['a.onnx', 'photos', '--observe', 'probs', '--at-most', '100'], "found '100'"],
    [['one.jsonl', 'two.jsonl'], "'audit one.jsonl' and 'audit two.jsonl'"],
    [['a.onnx', 'log.csv'], "'audit log.csv'"],
    [['--observe', 'probs', 'a.onnx', 'photos'], "as in 'audit a.onnx photos --observe probs'"],
  ])('audit %j is refused', async (args, message) => {
    const { code, stderr } = await runCli(['audit', ...args]);
    expect([code, stderr]).toEqual([2, expect.stringContaining(message)]);
  });

  test('audit: why nothing could be recovered', async () => {
    const wide = await writeClassifier(at('wide.onnx'), { d: 12, c: 5 });
    const results = await json<Results>(['audit', wide, 'cifar10:test', ...data(), '--out', at('audit-wide')]);
    await expectSchema(results);
    expect(results.leaks).toMatchObject({ recovery: null, comparison: null, fingerprint: { hiddenWidth: null } });
    expect(results.leaks!.verdict.findings).toContainEqual({
      ...{ kind: 'more-features-than-outputs', features: 12, classes: 5 },
    });
    expect(results.rows.map(({ observe: shown }) => shown)).not.toContain('probs+topk:5');
  });
});
