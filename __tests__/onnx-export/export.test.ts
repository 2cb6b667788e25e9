import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { describeModel } from '../../lib/runtime/index.js';
import { runCli, start, temporaryFolder, writeCifar } from '../cli/support.js';
import { naming } from '../support/coded.js';

const python = process.env.FEATRECONSTRUCT_PYTHON ?? 'python3';
const has = (modules: string): boolean => spawnSync(python, ['-c', `import ${modules}`]).status === 0;
const whereTorchIs = has('torch, timm, onnx, onnxruntime') ? test : test.skip;

const folder = temporaryFolder();
const at = (...names: string[]): string => path.join(folder, ...names);
const script = path.resolve('onnx/export.py');

const inPython = (code: string) => start(python, ['-c', code], { cwd: folder }).finished;
const exported = (...args: string[]) => start(python, [script, ...args], { cwd: folder }).finished;

/** What an expression of the script gives, or its error's text, as JSON. */
async function ofScript(expression: string): Promise<unknown> {
  const { code, stdout, stderr } = await inPython(`
import importlib.util, json, sys
spec = importlib.util.spec_from_file_location("export", ${JSON.stringify(script)})
export = importlib.util.module_from_spec(spec)
sys.modules["export"] = export
spec.loader.exec_module(export)
triple = export.triple
try:
    print(json.dumps(${expression}))
except export.ExportError as error:
    print(json.dumps(str(error)))
`);
  if (code !== 0) throw new Error(stderr);
  return JSON.parse(stdout);
}

const stated = (ofTag: string, given: string): Promise<unknown> =>
  ofScript(`export.stated_transform(${ofTag}, ${given})`);

const tag = '{"name": "timm", "mean": [1], "std": [2], "cropPct": 0.9, "interpolation": "bilinear"}';
const squashed = '{"name": "upsample", "mean": [1], "std": [2], "interpolation": "bicubic"}';

test('weights state a transform that is theirs: their tag’s, or the one that is given, and then whole', async () => {
  expect(await stated('None', '{}')).toBeNull();
  expect(await stated(tag, '{}')).toEqual(JSON.parse(tag));
  expect(await stated(tag, '{"mean": triple("0.5")}')).toEqual({ ...JSON.parse(tag), mean: [0.5, 0.5, 0.5] });
  expect(await stated(squashed, '{"std": triple("1, 2/3")}')).toEqual({ ...JSON.parse(squashed), std: [1, 2, 3] });
  expect(await stated(squashed, '{"cropPct": 0.8}')).toMatchObject({ name: 'timm', cropPct: 0.8, mean: [1] });
  expect(await stated('None', '{"mean": [0.5], "std": [0.2], "cropPct": 1.0}')).toEqual({
    ...{ name: 'timm', mean: [0.5], std: [0.2], cropPct: 1, interpolation: 'bicubic' },
  });
  // A part of it would be filled up with numbers that are nobody's.
  expect(await stated('None', '{"mean": [0.5], "std": [0.2]}')).toMatch(naming('--crop-pct'));
  expect(await stated('None', '{"interpolation": "bicubic"}')).toMatch(naming('--mean', '--std', '--crop-pct'));
});

test('what stands before all names of a checkpoint is dropped, and what differs is named in a few words', async () => {
  const wanted = '{"conv.weight": (4, 3), "bn.num_batches_tracked": (), "fc.weight": (10, 4), "fc.bias": (10,)}';
  const names = (prefix: string, ...more: string[]): string =>
    `{${[`"${prefix}conv.weight": (4, 3)`, `"${prefix}fc.weight": (10, 4)`, `"${prefix}fc.bias": (10,)`, ...more].join(', ')}}`;
  const told = (found: string) =>
    ofScript(
      `(lambda w, f: [export.prefix_of(w, f), export.difference_of_keys(w, f, export.prefix_of(w, f))])(${wanted}, ${found})`,
    );
  for (const prefix of ['', 'module.', 'model.', 'module.model.', '_orig_mod.', 'net.backbone.'])
    expect(await told(names(prefix))).toEqual([prefix, null]);
  expect(await told(names('model.', '"criterion.weight": (3,)'))).toEqual(['model.', null]);
  expect(await told(names('', '"extra": (1,)'))).toEqual(['', expect.stringMatching(naming('extra'))]);
  const fewer = names('').replaceAll('(10', '(7');
  expect(await told(fewer)).toEqual(['', expect.stringMatching(naming('fc.weight', '--classes 7'))]);
  const many = Array.from({ length: 50 }, (_, i) => `"other.${i}": (1,)`);
  const [, other] = (await told(`{${many.join(', ')}}`)) as [string, string];
  expect(other).toMatch(naming('other.0', 'other.2', 47));
  expect(other).not.toContain('other.3');
});

whereTorchIs(
  'checkpoints as people have them: Lightning’s, a whole module, other objects, another network',
  async () => {
    const made = await inPython(`
import argparse, torch, timm
model = timm.create_model("resnet18", num_classes=10)
own = model.state_dict()
torch.save({"state_dict": {"model." + key: value for key, value in own.items()}, "epoch": 3}, "lightning.ckpt")
torch.save(model, "whole.pt")
torch.save({"state_dict": own, "args": argparse.Namespace(lr=1)}, "timm.pth.tar")
torch.save({"layer%d.weight" % i: torch.zeros(2) for i in range(90)}, "other.pth")`);
    expect(made).toMatchObject({ code: 0 });
    const options = ['timm/resnet18', '--classes', '10', '--size', '32', '--checkpoint'];
    expect(await exported(...options, 'lightning.ckpt', '--out', 'lightning.onnx')).toMatchObject({
      code: 0,
      stderr: '',
    });
    for (const [file, ...words] of [
      ['whole.pt', 'state_dict'],
      ['timm.pth.tar', 'Namespace', 'state_dict'],
      ['other.pth', 'layer0.weight', '87 more'],
    ]) {
      const { code, stderr } = await exported(...options, file, '--out', 'none.onnx');
      expect(code).toBe(1);
      expect(stderr).toMatch(naming(file, ...words));
      expect(stderr.length).toBeLessThan(600);
    }
    const { code, stderr } = await exported(
      'timm/resnet18',
      '--size',
      '32',
      '--checkpoint',
      'lightning.ckpt',
      '--out',
      'none.onnx',
    );
    expect([code, stderr]).toEqual([1, expect.stringMatching(naming('fc.weight', '--classes 10'))]);
  },
  600_000,
);

whereTorchIs(
  'a checkpoint of ten classes at 32 x 32: the file states what is given and nothing else, and a run says what it assumes',
  async () => {
    const made = await inPython(`
import torch, timm
torch.save(timm.create_model("resnet18", num_classes=10).state_dict(), "mine.pth")`);
    expect(made).toMatchObject({ code: 0 });
    const options = ['timm/resnet18', '--checkpoint', 'mine.pth', '--classes', '10', '--size', '32'];
    const silent = await exported(...options, '--out', 'silent.onnx');
    expect(silent).toMatchObject({ code: 0, stderr: '' });
    expect(silent.stdout).toMatch(naming('silent.onnx', '--mean', '--std', '--crop-pct', '--interpolation'));
    expect((await describeModel(at('silent.onnx'))).transform).toBeNull();

    await writeCifar(at('data'), { train: 40, test: 20 });
    const run = ['run', '1', '--source', 'silent.onnx', '--train', 'cifar10:train', '--test', 'cifar10:test'];
    const { code, stdout } = await runCli([...run, '--data-dir', 'data', '--out', 'out'], { cwd: folder });
    expect(code).toBe(0);
    expect(stdout).toMatch(naming('! ', 'silent', 'protocol'));

    const numbers = ['--mean', '0.49,0.48,0.45', '--std', '0.25', '--crop-pct', '1'];
    const partly = await exported(...options, '--out', 'partly.onnx', ...numbers.slice(0, 4));
    expect(partly).toMatchObject({ code: 1, stderr: expect.stringMatching(naming('--crop-pct')) });
    expect(existsSync(at('partly.onnx'))).toBe(false);
    const given = await exported(...options, '--out', 'given.onnx', '--json', ...numbers);
    const transform = {
      ...{ name: 'timm', mean: [0.49, 0.48, 0.45], std: [0.25, 0.25, 0.25], cropPct: 1, interpolation: 'bicubic' },
    };
    expect(JSON.parse(given.stdout)).toMatchObject({ file: 'given.onnx', transform });
    expect((await describeModel(at('given.onnx'))).transform).toEqual(transform);
  },
  600_000,
);
