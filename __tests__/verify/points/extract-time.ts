import { join } from 'node:path';
import { notRun, type Check, type Point } from '../check.js';
import { command } from '../command.js';
import { hasModules, project } from '../settings.js';

/** What of `bench/extract.ts --json` is held against bars. */
interface ExtractBench {
  bars: { bare: number; torch: number };
  ours: number;
  bare: number;
  toBare: number;
  torch: { rate: number; ratio: number; batchSize: number; channelsLast: boolean; workers: number } | null;
  preprocessing: { write: number; stream: number };
  scenes: { decode: number; run: number; extract: number; hidden: number } | null;
}

/** A window in a prefilled canvas takes some 4 µs on a quiet machine, writing the whole canvas over a hundred. */
const mostMicroseconds = 10;

export const point: Point = {
  id: 7,
  title: 'extracting against bare ONNX Runtime and PyTorch',
  needs: ['models', 'data'],
  async run({ models, data, python }) {
    const subject = 'bench/extract, efficientnet_lite0';
    const withTorch = python !== null && (await hasModules(python, ['torch', 'torchvision', 'timm', 'onnx']));
    const args = [
      ...['--import', 'tsx', join(project, 'bench/extract.ts'), '--json', '--data-dir', data!],
      ...['--model', join(models!, 'efficientnet_lite0.onnx')],
      ...(withTorch ? ['--python', python] : []),
    ];
    const { code, stdout, lastWords } = await command(process.execPath, args, { cwd: project });
    if (code !== 0) return [{ subject, bar: 'it ends well', figure: `exit ${code}: ${lastWords}`, held: false }];
    return checksOf(subject, JSON.parse(stdout) as ExtractBench);
  },
};

function checksOf(subject: string, { bars, ours, bare, toBare, torch, preprocessing, scenes }: ExtractBench): Check[] {
  const torchBar = `throughput >= ${bars.torch} of PyTorch with a DataLoader`;
  return [
    {
      subject,
      bar: `throughput >= ${bars.bare} of a bare session.run loop`,
      figure: `${toBare.toFixed(3)} (${ours.toFixed(1)} and ${bare.toFixed(1)} images/s)`,
      held: toBare >= bars.bare,
    },
    torch
      ? {
          subject,
          bar: torchBar,
          figure:
            `${torch.ratio.toFixed(2)} (${torch.rate.toFixed(1)} images/s at its best: batches of ${torch.batchSize}, ` +
            `${torch.channelsLast ? 'channels_last' : 'contiguous'}, ${torch.workers} workers)`,
          held: torch.ratio >= bars.torch,
        }
      : notRun(subject, torchBar, 'no Python with torch, torchvision, timm and onnx (FEATRECONSTRUCT_PYTHON)'),
    {
      subject: 'bench/extract, preprocessing of a padded 32 x 32 image',
      bar: `<= ${mostMicroseconds} µs of processor time`,
      figure: `${preprocessing.write.toFixed(1)} µs; ${preprocessing.stream.toFixed(1)} µs with reading it`,
      held: preprocessing.write <= mostMicroseconds,
    },
    scenes
      ? {
          subject: 'bench/extract, JPEGs',
          bar: 'decoding overlaps with inference; printed',
          figure:
            `${(100 * scenes.hidden).toFixed(0)} % hidden: ${scenes.decode.toFixed(2)} + ${scenes.run.toFixed(2)} ms alone, ` +
            `${scenes.extract.toFixed(2)} ms together`,
          held: scenes.hidden > 0,
        }
      : notRun('bench/extract, JPEGs', 'decoding overlaps with inference; printed', 'no scenes in the data folder'),
  ];
}
