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

export const point: Point = {
  id: 6,
  title: "fitting against scikit-learn's Ridge",
  needs: ['python'],
  async run({ python }) {
    const subject = 'bench/fit';
    if (!(await hasModules(python!, ['sklearn', 'threadpoolctl']))) {
      return [notRun(subject, 'time and memory', 'no scikit-learn and threadpoolctl in FEATRECONSTRUCT_PYTHON')];
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
    return [...times, { ...memory, held: bench.peakMiB < 1024 }];
  },
};
