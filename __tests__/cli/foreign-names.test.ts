import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { buildModel } from '../../lib/onnx/index.js';
import { runCli, temporaryFolder, writeJpeg, type Finished } from './support.js';

/**
 * Names that others gave (of folders, images, models, tensors, nodes) reach the terminal as text that only shows: they set no
 * title, clear no screen, turn no line around and forge none.
 */

const folder = temporaryFolder();
/** A title, a cleared screen, a sequence by C1, a line of ours forged, a direction turned, a red that is not ours. */
const evil = '\x1b]0;title\x07\x1b[2J\u009b2J\nerror: forged\rx\u202e\u2028\x1b[31m';
const at = (...names: string[]): string => path.join(folder, ...names);
const model = at(`model${evil}.onnx`);
const images = at(`images${evil}`);
const store = at(`store${evil}.safetensors`);

async function writeModel(file: string, works: boolean): Promise<void> {
  const numbers = (length: number): Float32Array => Float32Array.from({ length }, (_, i) => Math.sin(1 + i * i));
  await writeFile(
    file,
    buildModel({
      inputs: [{ name: `x${evil}`, type: 'float32', dims: ['n', 3, 8, 8] }],
      outputs: [{ name: `logits${evil}`, type: 'float32', dims: ['n', 6] }],
      constants: [
        { name: 'shape', type: 'int64', dims: [2], data: BigInt64Array.of(works ? -1n : 1n, 192n) },
        { name: `w${evil}`, type: 'float32', dims: [192, 4], data: numbers(768) },
        { name: 'head.w', type: 'float32', dims: [4, 6], data: numbers(24) },
        { name: 'head.b', type: 'float32', dims: [6], data: numbers(6) },
      ],
      nodes: [
        { op: 'Reshape', inputs: [`x${evil}`, 'shape'], outputs: [`flat${evil}`] },
        { op: 'MatMul', inputs: [`flat${evil}`, `w${evil}`], outputs: [`hidden${evil}`] },
        { op: 'Tanh', inputs: [`hidden${evil}`], outputs: [`features${evil}`] },
        { op: 'Gemm', inputs: [`features${evil}`, 'head.w', 'head.b'], outputs: [`logits${evil}`] },
      ],
    }),
  );
}

const colours = /\x1b\[(1|22|31|32|39)m/g;

/** All that a command says, in colours: nothing in it acts on the terminal but those, and no line begins as the forged one. */
function demandHarmless({ stdout, stderr }: Finished): void {
  for (const text of [stdout, stderr]) {
    const plain = text.replace(colours, '');
    expect(plain.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]/u);
    expect(plain).not.toMatch(/^error: forged/m);
    // Red stands around the word `error` only.
    expect(text.match(/\x1b\[31m(?!error:\x1b\[39m)/)).toBeNull();
  }
}

const run = async (args: string[], code: number): Promise<Finished> => {
  const ended = await runCli(args, { cwd: folder, env: { FORCE_COLOR: '1' } });
  demandHarmless(ended);
  expect({ code: ended.code, said: ended.stderr }).toMatchObject({ code });
  return ended;
};

(process.platform === 'win32' ? describe.skip : describe)('foreign names', () => {
  beforeAll(async () => {
    await writeModel(model, true);
    await writeModel(at('stops.onnx'), false);
    for (let i = 0; i < 40; i++) await writeJpeg(path.join(images, `c${i % 2}${evil}`, `i${i}${evil}.jpg`), i, 12);
    await mkdir(at(`bad${evil}`), { recursive: true });
    await writeFile(path.join(at(`bad${evil}`), `bad${evil}.jpg`), '');
  });
  const spec = `folder:${images}`;

  test('inspect: tensors and nodes', async () => {
    const { stdout } = await run(['inspect', model], 0);
    expect(stdout).toContain('features\\x1b]0;title\\x07\\x1b[2J\\x9b2J\\nerror: forged\\rx\\u202e\\u2028\\x1b[31m');
    const { stdout: json } = await run(['inspect', model, '--json'], 0);
    expect(JSON.parse(json)).toMatchObject({ features: `features${evil}`, name: `model${evil}` });
    await run(['inspect', at('stops.onnx')], 1);
  });

  test('extract, fit, evaluate: files and data sets, progress and results', async () => {
    const { stderr } = await run(['extract', '--model', model, '--dataset', spec, '--store', store], 0);
    // A line of more than 80 characters is broken at its spaces.
    expect(stderr.replaceAll('\n', ' ')).toMatch(/extract model\\x1b[^\x1b]*\\x1b\[31m: 40 of 40 images/);
    await run(['extract', '--model', model, '--dataset', spec, '--store', store, '--json'], 0);
    await run(['fit', '--x', store, '--y', store, '--out', at(`map${evil}.safetensors`)], 0);
    await run(['evaluate', '--head', model, '--features', store, '--logits', store], 0);
    await run(['fingerprint', store], 0);
    await run(['extract', '--model', model, '--dataset', `folder:${at(`bad${evil}`)}`, '--store', at('s')], 1);
  });

  test('run, sweep, audit, report: headings, tables, notes, verdicts', async () => {
    const out = at(`out${evil}`);
    const both = ['--source', model, '--train', spec, '--test', spec, '--out', out];
    await run(['run', '1', ...both, '--transform', 'upsample'], 0);
    await run(['run', '1', ...both, '--json', '--transform', 'upsample'], 0);
    await run(['sweep', ...both], 0);
    await run(['audit', model, images, '--out', out], 0);
    const text = await readFile(path.join(out, 'results.json'), 'utf8');
    expect(text.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]/u);
    expect(JSON.parse(text)).toMatchObject({ environment: { models: [{ name: `model${evil}` }] } });
    await run(['report', out, '--format', 'csv', '--out', at(`table${evil}.csv`)], 0);
  });

  test('what was typed: arguments that the command line repeats', async () => {
    await run(['inspect', `no${evil}.onnx`], 1);
    await run(['inspect', model, model, `x${evil}`], 2);
    await run(['extract', `--modle${evil}`, 'a'], 2);
    await run(['run', `1${evil}`, '--out', 'o'], 2);
    await run(['extract', '--threads', `4${evil}`], 2);
    await run([`nosuch${evil}`], 2);
    await run(['run', '1', '--source', model, '--train', `folder:${evil}`, '--test', 'a', '--out', 'o'], 1);
    await run(['extract', '--model', model, '--dataset', `what${evil}:ever`, '--store', 's'], 2);
  });
});
