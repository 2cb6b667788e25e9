import { basename, join } from 'node:path';
import type { Command } from 'commander';
import { FeatReconstructError, UsageError, type TaskOptions } from '../base/index.js';
import type { NamedRows } from '../experiments/index.js';
import type { LinearMap, RowSource } from '../tensor/index.js';
import { common, createContext } from './context.js';
import { commandLine, finish } from './experiment.js';
import type { NotedRows } from '../logs/index.js';
import { bringNamed, namesOptions, type NamesFlags } from './names.js';
import { tensorOptions, wholeNumber, type TensorFlags } from './options.js';

interface Flags extends NamesFlags, TensorFlags {
  head: string;
  bias?: string;
  features?: string;
  map?: string;
  x?: string;
  logits: string;
  truth?: string;
  out?: string;
  trainedOn?: string;
  topk?: number[];
  json?: boolean;
  quiet?: boolean;
}

export function register(program: Command): void {
  common(
    namesOptions(
      tensorOptions(
        program
          .command('evaluate')
          .description('measure how often a head gives the same class on reconstructed features')
          .requiredOption(
            '--head <file>',
            'the head: an .onnx model, a store, a map, or a weight (.npy, .npz, a state dict in .safetensors; FILE#NAME)',
          )
          .option('--bias <file>', 'bias of the head, if that is a weight in a .npy')
          .option('--features <file>', 'reconstructed features: .npy, .npz, .safetensors, store')
          .option('--map <file>', 'instead of --features: a fitted map, applied to --x')
          .option('--x <file>', 'input of --map (a store: its logits)')
          .requiredOption('--logits <file>', "the model's own logits (n, c), class indices (n), or a log")
          .option('--truth <file>', 'the true features, for the reconstruction error')
          .option('--out <dir>', 'folder for results.json and report.html, as `run` writes them; with --truth')
          .option('--trained-on <file>', 'with --out: the rows of the fit, to find the test rows in their span')
          .option(
            '--topk <k...>',
            'values of k for top-k agreement (default: 5)',
            (text: string, list: number[] = []) => [...list, wholeNumber(text)],
          ),
      ),
    ),
  )
    .addHelpText(
      'after',
      `
Examples:
  $ featreconstruct evaluate --head W.npy --bias b.npy --map map.safetensors --x Z.npy --logits Z.npy --truth F.npy --out out
  $ featreconstruct evaluate --head resnet18.onnx --map map.safetensors --x test.safetensors --logits test.safetensors --truth test.safetensors`,
    )
    .action(async (flags: Flags) => {
      const context = createContext(flags);
      checkFlags(flags);
      if (flags.out !== undefined) {
        const { checkPlace } = await import('../bytes/index.js');
        await checkPlace(join(flags.out, 'results.json'));
      }
      const fetch = await bringNamed({ models: [flags.head] }, flags, context);
      const { applyLinearMap, loadLinearMap } = await import('../fit/index.js');
      const { openRows } = await import('../logs/index.js');
      const { notesOf, openClasses, openHead } = await import('./openers.js');
      const opened: NotedRows[] = [];
      const open = async (path: string, role: 'features' | 'logits'): Promise<NotedRows> => {
        const rows = await openRows(path, role, context);
        opened.push(rows);
        return rows;
      };
      try {
        const x = await open(flags.features ?? flags.x!, flags.features ? 'features' : 'logits');
        const map = flags.map === undefined ? null : await loadLinearMap(flags.map);
        const reconstructed = map ? applyLinearMap(map, x.rows) : x.rows;
        const { y, opened: logits } = await openClasses(flags.logits, context);
        opened.push(logits);
        const { head, notes } = await openHead(
          flags.head,
          {
            ...{ features: reconstructed.cols, classes: Array.isArray(y) ? undefined : y.cols, bias: flags.bias },
            model: { features: flags.featuresTensor, logits: flags.logitsTensor, fetch },
          },
          context,
        );
        if (head.weight.shape[1] !== reconstructed.cols) {
          throw new FeatReconstructError(
            `Expected a head of ${reconstructed.cols} features, as wide as the reconstructed ones, found '${flags.head}' of ${head.weight.shape[1]}: it is another model's head, or a map from logits to features.`,
            { code: 'mismatch' },
          );
        }
        const truth = flags.truth === undefined ? null : await open(flags.truth, 'features');
        const task = { signal: context.signal, onProgress: context.onProgress };
        const { lines, data } = await figures({ head, reconstructed, y, truth: truth?.rows ?? null }, flags.topk, task);
        const all = [...lines, ...notes, ...(await headNotes(head, y, truth)), ...opened.flatMap(notesOf)];
        if (flags.out === undefined) {
          const more = all.slice(lines.length);
          context.print([...new Set(all)], { ...data, ...(more.length > 0 ? { notes: more } : {}) });
          return;
        }
        if (!truth || Array.isArray(y)) throw noFigures();
        const { evaluationResults } = await import('../experiments/index.js');
        const train = flags.trainedOn === undefined ? undefined : await open(flags.trainedOn, 'logits');
        const { intervalOf } = await import('../report/index.js');
        const results = await evaluationResults(
          {
            ...{ head, map, name: nameOf(flags.head), sameModel: map !== null && isSame(x, logits) },
            x: named(x),
            features: named(truth),
            logits: named(logits),
            ...(train ? { train: named(train) } : {}),
          },
          { ...task, topk: flags.topk, command: commandLine() },
        );
        // One answer: what is exact by theorem has no interval.
        const [first, ...others] = all;
        const told = results.rows[0].exact ? first.replace(/\(95 %: .*?\)/, `(${intervalOf(results.rows[0])})`) : first;
        await finish(results, flags.out, context, [[...new Set([told, ...others])].join('\n')]);
      } finally {
        for (const { close } of opened) await close();
      }
    });
}

function checkFlags({ features, map, x, out, truth, trainedOn }: Flags): void {
  if ((features === undefined) === (map === undefined) || (map === undefined) !== (x === undefined)) {
    throw new UsageError('Expected either --features FILE, or --map MAP with --x FILE.');
  }
  if (out !== undefined && truth === undefined) throw noFigures();
  if (trainedOn !== undefined && (out === undefined || map === undefined)) {
    throw new UsageError('Expected --trained-on with --map and --out, found it without.');
  }
}

const noFigures = (): UsageError =>
  new UsageError(
    'Expected --truth FILE and --logits with a row of logits an image beside --out: the figures of results.json are of both.',
  );

/** Whether both are one tensor of one file, so that the map reads the model's own logits. */
const isSame = (a: NotedRows, b: NotedRows): boolean => a.path === b.path && a.tensor === b.tensor;

const named = ({ path, tensor, rows }: NotedRows): NamedRows => ({
  name: tensor === null ? basename(path) : `${basename(path)}#${tensor}`,
  rows,
});

/** What results call the head: a model by its name, an array by its file, since `weight` alone says nothing. */
const nameOf = (path: string): string => basename(path).replace(/\.(onnx|safetensors)(#.*)?$/i, '');

interface Evaluated {
  head: LinearMap;
  reconstructed: RowSource;
  y: RowSource | number[];
  truth: RowSource | null;
}

async function figures(
  { head, reconstructed, y, truth }: Evaluated,
  topk: number[] | undefined,
  task: TaskOptions,
): Promise<{ lines: string[]; data: object }> {
  const { evaluateAgreement, reconstructionError } = await import('../evaluate/index.js');
  const { brief, count, rSquared, share, upToOne } = await import('../words/index.js');
  const agreement = await evaluateAgreement(head, reconstructed, y, { topk, ...task });
  const lines = [
    `agreement  ${share(agreement.agreement)} (95 %: ${share(agreement.interval[0])} to ${share(agreement.interval[1])}), ${count(agreement.agreed)} of ${count(agreement.n)}`,
    ...Object.entries(agreement.topk).map(([k, value]) => `top-${k}      ${share(value)}`),
    `kappa      ${upToOne(agreement.kappa, 4)}, ${count(agreement.distinctClasses)} classes, the most frequent ${share(agreement.majorityShare, 1)}`,
  ];
  if (!truth) return { lines, data: { agreement } };
  const reconstruction = await reconstructionError(truth, reconstructed, { head, ...task });
  lines.push(
    `R²         ${rSquared(reconstruction.r2)}; within the head's row space ${rSquared(reconstruction.r2RowSpace)}, outside it ${rSquared(reconstruction.r2NullSpace)}`,
    `MSE        ${brief(reconstruction.mse)}; total of batches of 256 ${brief(reconstruction.mseTotal256)}, of 16 ${brief(reconstruction.mseTotal16)}`,
  );
  return { lines, data: { agreement, reconstruction } };
}

/** Share of the largest logit above which rounding does not explain that the head gives other logits. */
const clearlyOther = 0.01;

/** The note on a head that does not give the logits of the true features: it is another one, or lacks its bias. */
async function headNotes(head: LinearMap, y: RowSource | number[], truth: NotedRows | null): Promise<string[]> {
  if (!truth || Array.isArray(y)) return [];
  const { headCheck } = await import('../experiments/index.js');
  const { brief } = await import('../words/index.js');
  const store = { provenance: { logits: 'stored' as const }, head, features: truth.rows, logits: y };
  const { headError, logitScale } = await headCheck(store);
  if (headError === null || !logitScale || headError <= clearlyOther * logitScale) return [];
  return [
    `! On the true features the head gives other logits than --logits: they differ by up to ${brief(headError)}, and the largest logit is ${brief(logitScale)}. It is another head, its bias is missing, or these are not logits.`,
  ];
}
