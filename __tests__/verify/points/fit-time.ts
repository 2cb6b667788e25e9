import { join } from 'node:path';
import { notRun, type Check, type Point } from '../check.js';
import { command } from '../command.js';
import { hasModules, project } from '../settings.js';

/** What of `bench/fit.ts --json` is held against bars. */
interface FitBench {
  peakMiB: number;
  figures: {
    gram: 'full' | 'deficient';
    targets: number;
    rank: number;
    oursSeconds: number;
    ridge64Seconds: number;
    ridge32Seconds: number;
    ratio: number;
    bar: number;
    held: boolean;
  }[];
}

/** What of `bench/statistics.ts --json` is held against its bar. */
interface StatisticsBench {
  figures: { targets: number; ours: number; gemm: number; ratio: number; bar: number; held: boolean }[];
}

/** Statistics against the product that they are made of, in the same run. */
async function statistics(): Promise<Check[]> {
  const subject = 'bench/statistics';
  const args = ['--import', 'tsx', join(project, 'bench/statistics.ts'), '--json'];
  const { code, stdout, lastWords } = await command(process.execPath, args, { cwd: project });
  if (code !== 0) return [{ subject, bar: 'it ends well', figure: `exit ${code}: ${lastWords}`, held: false }];
  return (JSON.parse(stdout) as StatisticsBench).figures.map(({ targets, ours, gemm, ratio, bar, held }) => ({
    subject: `${subject}, 1000 columns, ${targets} targets`,
    bar: `>= ${bar} of the rate of ONNX Runtime's own Gemm`,
    figure: `${ratio.toFixed(2)} (${ours.toFixed(0)} of ${gemm.toFixed(0)} GFLOP/s)`,
    held,
  }));
}

export const point: Point = {
  id: 6,
  title: "fitting against scikit-learn's Ridge and ONNX Runtime's Gemm",
  needs: ['python'],
  async run({ python }) {
    const subject = 'bench/fit';
    if (!(await hasModules(python!, ['sklearn', 'threadpoolctl']))) {
      const missing = notRun(subject, 'time and memory', 'no scikit-learn and threadpoolctl in FEATRECONSTRUCT_PYTHON');
      return [missing, ...(await statistics())];
    }
    const args = ['--import', 'tsx', join(project, 'bench/fit.ts'), '--python', python!, '--json'];
    const { code, stdout, lastWords } = await command(process.execPath, args, { cwd: project });
    if (code !== 0) return [{ subject, bar: 'it ends well', figure: `exit ${code}: ${lastWords}`, held: false }];
    const bench = JSON.parse(stdout) as FitBench;
    const times = bench.figures.map((each): Check => ({
      subject: `${subject}, ${each.gram} rank ${each.rank}, ${each.targets} targets`,
      bar: `time <= ${each.bar} of Ridge in float64`,
      figure:
        `${each.ratio.toFixed(2)} (${each.oursSeconds.toFixed(2)} s; ` +
        `Ridge ${each.ridge64Seconds.toFixed(2)} s, on float32 ${each.ridge32Seconds.toFixed(2)} s)`,
      held: each.held,
    }));
    const memory = { subject, bar: 'peak memory < 1024 MiB above inputs', figure: `${bench.peakMiB} MiB` };
    return [...times, { ...memory, held: bench.peakMiB < 1024 }, ...(await statistics())];
  },
};
