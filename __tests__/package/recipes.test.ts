import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { definitions } from '../../lib/results/index.js';

/**
 * CONTRIBUTING's recipes, done as a newcomer would do them, in a copy: an experiment, a data set, a transform and a metric. What a
 * recipe does not name must not be needed.
 */

const root = path.resolve(import.meta.dirname, '../..');
const scratch = mkdtempSync(path.join(tmpdir(), 'featreconstruct-recipes-'));
const at = (...names: string[]): string => path.join(scratch, ...names);
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

const node = (...args: string[]): { status: number | null; said: string } => {
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: scratch, encoding: 'utf8' });
  return { status, said: `${stdout}${stderr}` };
};

/** Puts lines after the first place of `anchor`. */
function after(file: string, anchor: string, lines: string): void {
  const text = readFileSync(at(file), 'utf8');
  const place = text.indexOf(anchor);
  if (place < 0) throw new Error(`${file} has no '${anchor}' any more: say in CONTRIBUTING what takes its place.`);
  const end = place + anchor.length;
  writeFileSync(at(file), `${text.slice(0, end)}${lines}${text.slice(end)}`);
}

test('an experiment, a data set, a transform and a metric', () => {
  for (const name of ['lib', 'dist', 'assets', 'bin', 'package.json', 'tsconfig.json']) {
    cpSync(path.join(root, name), at(name), { recursive: true });
  }
  for (const name of ['node_modules', 'onnx']) symlinkSync(path.join(root, name), at(name), 'junction');

  // An experiment, by the next number.
  const id = Math.max(...definitions.map((each) => each.id)) + 1;
  after(
    'lib/results/definitions.ts',
    'export const definitions: readonly ExperimentDefinition[] = [',
    `
  {
    id: ${id},
    title: 'Two models: each to the other',
    question: 'Is one way easier than the other?',
    models: ['source', 'target'],
    pairs: [['source', 'target'], ['target', 'source']],
    published: [],
  },`,
  );
  after(
    'lib/experiments/options.ts',
    'export interface TwoModelsSpec extends ExperimentData {\n  experiment: 2',
    ` | ${id}`,
  );
  after('lib/experiments/options.ts', '  3: PairOptions;\n', `  ${id}: PairOptions;\n`);

  // A data set.
  writeFileSync(
    at('lib/datasets/grey.ts'),
    `import type { DatasetFormat } from './source.js';

/** One grey after another. */
export const grey: DatasetFormat = {
  name: 'grey',
  forms: ['grey:all'],
  open: async () => ({
    size: 120,
    kind: 'images',
    async *blocks(start, stop) {
      for (let i = start; i < stop; i++) {
        const data = new Uint8Array(32 * 32 * 3).map((_, j) => (j * (i + 1)) % (2 * i + 3));
        yield [{ id: \`grey/\${i}\`, label: -1, image: { width: 32, height: 32, data } }];
      }
    },
  }),
};
`,
  );
  after(
    'lib/datasets/registry.ts',
    "import type { DatasetFormat } from './source.js';\n",
    "import { grey } from './grey.js';\n",
  );
  after('lib/datasets/registry.ts', 'export const formats: readonly DatasetFormat[] = [\n', '  grey,\n');

  // A transform.
  after('lib/images/types.ts', "export type TransformName = 'protocol'", " | 'half'");
  after(
    'lib/images/transform.ts',
    'const presets: Record<TransformName, Preset> = {\n',
    '  half: { scale: 1 / 127.5, mean: [1, 1, 1], std: [1, 1, 1], steps: crop, takes: [] },\n',
  );
  after('lib/cli/options.ts', 'const presetNames: Record<TransformName, true> = {\n', '  half: true,\n');

  // A metric.
  writeFileSync(
    at('lib/evaluate/mean-margin.ts'),
    '/** Mean of the margins. */\nexport const meanMargin = (margin: Float64Array): number => margin.reduce((a, b) => a + b, 0) / margin.length;\n',
  );
  after(
    'lib/evaluate/index.ts',
    "export { inSpan } from './in-span.js';\n",
    "export { meanMargin } from './mean-margin.js';\n",
  );
  after('lib/results/types.ts', '  kappa: number | null;\n', '  /** Mean margin. */\n  meanMargin?: number;\n');
  after(
    'lib/experiments/result-row.ts',
    "import type { MapEvaluation } from '../evaluate/index.js';\n",
    "import { meanMargin } from '../evaluate/index.js';\n",
  );
  after(
    'lib/experiments/result-row.ts',
    '    kappa: agreement?.kappa ?? null,\n',
    '    ...(evaluation ? { meanMargin: meanMargin(evaluation.margin) } : {}),\n',
  );
  after(
    'assets/results.schema.json',
    '"description": "Cohen\'s kappa."\n          },\n',
    '"meanMargin": { "type": "number" },\n',
  );

  expect(node('node_modules/typescript/bin/tsc', '-p', 'tsconfig.json')).toEqual({ status: 0, said: '' });
  const models = ['demo_resnet', 'demo_vit'].map((name) => at('onnx', 'demo', `${name}.onnx`));
  const ran = node(
    ...['dist/cli/main.js', 'run', `${id}`, '--source', models[0], '--target', models[1], '--transform', 'half'],
    ...['--train', 'synthetic:train[0:120]', '--test', 'grey:all[0:60]', '--out', 'out', '--quiet'],
  );
  expect(ran).toMatchObject({ status: 0 });
  // Reads what was written against the schema.
  expect(node('dist/cli/main.js', 'report', 'out', '--out', 'page.html')).toMatchObject({ status: 0 });
  const { experiment, rows } = JSON.parse(readFileSync(at('out', 'results.json'), 'utf8'));
  expect(experiment).toBe(id);
  expect(rows.map(({ source, target }: Record<string, string>) => [source, target])).toEqual([
    ['demo_resnet', 'demo_vit'],
    ['demo_vit', 'demo_resnet'],
  ]);
  for (const { meanMargin, test: set } of rows) expect([meanMargin > 0, set]).toEqual([true, 'grey:all[0:60]']);
}, 120_000);
