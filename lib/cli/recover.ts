import { Option, type Command } from 'commander';
import type { NdArray } from 'ndarray';
import type { Recovery, RecoveryReport } from '../leaks/index.js';
import type { RowSource } from '../tensor/index.js';
import { common, createContext, type Context } from './context.js';
import { checkFailed } from './ending.js';
import { logOptions, minutes, seed } from './options.js';

interface Flags {
  out: string;
  kind: 'auto' | 'sphere' | 'rectified';
  observe?: string;
  columns?: string[];
  skipBadLines?: boolean;
  head?: string;
  features?: string[];
  minutes?: number;
  seed?: number;
  json?: boolean;
  quiet?: boolean;
}

export function register(program: Command): void {
  common(
    logOptions(
      program
        .command('recover')
        .description(
          "recover a classifier's features from its outputs alone: no model, no weights, no features to fit on",
        )
        .argument(
          '<file...>',
          'outputs of one model: stores, .safetensors (FILE#NAME), .npy, .npz, or logs (CSV, JSON, Parquet, …); several are put together',
        )
        .requiredOption('--out <file>', 'safetensors file for the features; not written without a certificate')
        .addOption(
          new Option('--kind <kind>', 'the layer before the head: sphere (a normalisation) or rectified (a ReLU)')
            .choices(['auto', 'sphere', 'rectified'])
            .default('auto'),
        )
        .option('--observe <shown>', "turn logits into what an interface would show, as in 'sweep'")
        .addOption(
          new Option('--minutes <n>', 'time limit in minutes; features certified by then are kept').argParser(minutes),
        )
        .addOption(new Option('--seed <n>', 'seed of the search for rectified features (default: 0)').argParser(seed))
        .option('--head <file>', 'safetensors file for the linear map from everything recovered to the outputs')
        .option('--features <file...>', 'the true features of the same images, for a comparison'),
    ),
  )
    .addHelpText(
      'after',
      `
OUT has
  features   (n, k), each certified as a feature itself
  groups     features of which only the span is known
  functions  proven, but need not be features
  all        (n, r), these and the rest, if no certificate fixes everything
Ctrl-C ends the search and keeps what is certified by then. If nothing has a certificate, the command prints
what is known, writes nothing and exits with 1.

Examples:
  $ featreconstruct recover predictions.csv --out features.safetensors
  $ featreconstruct recover train.safetensors test.safetensors --out features.safetensors --head head.safetensors
  $ featreconstruct evaluate --head head.safetensors --features features.safetensors --logits test.safetensors`,
    )
    .action(async (paths: string[], flags: Flags) => {
      const context = createContext(flags, { finishes: true });
      const { alignColumns, groupsTogether, mixedOf, openRows } = await import('../logs/index.js');
      const { recoverFeatures } = await import('../leaks/index.js');
      const { openShown } = await import('./outputs.js');
      const { checkPlace } = await import('../bytes/index.js');
      const { logNoteInWords } = await import('../words/index.js');
      const { joinRows } = await import('../tensor/index.js');
      await checkPlace(flags.out);
      if (flags.head !== undefined) await checkPlace(flags.head);
      const closing: (() => Promise<void>)[] = [];
      const open = async <T extends { close(): Promise<void> }>(file: T): Promise<T> => {
        closing.push(() => file.close());
        return file;
      };
      try {
        const files: Awaited<ReturnType<typeof openShown>>[] = [];
        for (const path of paths) {
          const file = await open(await openShown(path, flags));
          files.push(files.length > 0 ? alignColumns(file, files[0]) : file);
        }
        const truths = [];
        for (const path of flags.features ?? [])
          truths.push((await open(await openRows(path, 'features', context))).rows);
        const outputs = joinRows(files.map(({ rows }) => rows));
        const recovery = await recoverFeatures(outputs, {
          kind: flags.kind,
          seconds: flags.minutes === undefined ? undefined : 60 * flags.minutes,
          seed: flags.seed,
          leaveOut: mixedOf(files),
          parts: groupsTogether(files, paths),
          // Ctrl-C ends the search with what is certified so far.
          finish: context.signal,
          onProgress: context.onProgress,
        });
        const notes = files.flatMap((file) => file.notes.map(logNoteInWords));
        if (!recovery.features && !recovery.groups) return printNothing(recovery.report, notes, context);
        await save(recovery, outputs, flags, context);
        const comparison =
          truths.length > 0 && recovery.features ? await compare(recovery, joinRows(truths), context) : null;
        context.print(await text(recovery, notes, comparison, flags), {
          out: flags.out,
          ...recovery.report,
          notes: [...notes, ...recovery.report.notes],
          ...(flags.head === undefined ? {} : { head: flags.head }),
          ...(comparison ? { comparison } : {}),
        });
      } finally {
        for (const close of closing) await close();
      }
    });
}

/** Prints what is known where nothing has a certificate; no file is written. */
function printNothing(report: RecoveryReport, notes: string[], context: Context): void {
  context.print([report.sentence, ...notes, ...report.notes], {
    ...report,
    notes: [...notes, ...report.notes],
  });
  checkFailed();
}

async function save(recovery: Recovery, outputs: RowSource, { out, head }: Flags, context: Context): Promise<void> {
  const { recoveredRows, recoveryHead } = await import('../leaks/index.js');
  const { makeFolderOf } = await import('../bytes/index.js');
  const { toNdArray, writeSafetensors } = await import('../tensor/index.js');
  const { saveLinearMap } = await import('../fit/index.js');
  const { features, groups, functions, rest, report } = recovery;
  const tensors: Record<string, NdArray<Float32Array>> = {
    ...(features ? { features } : {}),
    ...(groups ? { groups } : {}),
    ...(functions ? { functions } : {}),
  };
  if (rest) {
    const all = recoveredRows(recovery);
    tensors.all = toNdArray((await all.read(0, all.rows)) as Float32Array, [all.rows, all.cols]);
  }
  await makeFolderOf(out);
  await writeSafetensors(out, tensors, { recovery: JSON.stringify(report) });
  if (head === undefined || !features) return;
  await makeFolderOf(head);
  await saveLinearMap(head, await recoveryHead(recovery, outputs, { onProgress: context.onProgress }));
}

type Comparison = Awaited<ReturnType<typeof compare>>;

/** Compares the recovered features with the true ones, as their kind allows. */
async function compare({ features, report }: Recovery, truth: RowSource, { onProgress }: Context) {
  const { compareUpToRotation, identifiableFeatures, matchFeatures } = await import('../leaks/index.js');
  if (report.kind === 'sphere') return { kind: 'sphere' as const, ...(await compareUpToRotation(features!, truth)) };
  const matched = await matchFeatures(features!, truth);
  const known = await identifiableFeatures(truth, { onProgress });
  const enough = known.filter(({ zeros }) => zeros >= 3 * report.rank);
  return {
    kind: 'rectified' as const,
    ...matched,
    identifiable: known.filter(({ identifiable }) => identifiable).length,
    /** Features that are zero on 3 r images or more, and how many of those were found. */
    oftenZero: enough.length,
    oftenZeroFound: enough.filter(({ feature }) => matched.truth.includes(feature)).length,
  };
}

async function text(
  { report, features, groups, functions, rest }: Recovery,
  notes: readonly string[],
  comparison: Comparison | null,
  { out, head }: Flags,
): Promise<string[]> {
  const { count, rSquared, seconds, share } = await import('../words/index.js');
  const lines = [
    report.sentence,
    ...notes,
    ...report.notes,
    `${count(report.rows.used)} of ${count(report.rows.given)} rows used, ${count(report.iterations)} ${report.kind === 'sphere' ? 'iterations' : 'descents'}, ${seconds(report.seconds)}`,
  ];
  if (comparison?.kind === 'sphere') {
    lines.push(
      `beside the true features${comparison.normalised ? ' (less the scales and shifts of the normalisation)' : ''}, on ${count(comparison.rows)} rows kept out: R² ${rSquared(comparison.r2)}, correlation of cosines ${rSquared(comparison.cosineCorrelation)}, equal nearest neighbours ${share(comparison.equalNeighbours)}`,
    );
  }
  if (comparison?.kind === 'rectified') {
    lines.push(
      `beside the true features: the worst correlation of a recovered feature with its own is ${rSquared(comparison.worst)}; ${count(comparison.oftenZeroFound)} of the ${count(comparison.oftenZero)} features that are zero on at least ${count(3 * report.rank)} images were found (these images can certify ${count(comparison.identifiable)} of all features)`,
    );
  }
  if (report.assumptions) lines.push(...report.assumptions);
  const tensors = [
    ...Object.entries({ features, groups, functions }).flatMap(([name, values]) =>
      values ? [`${name} (n, ${count(values.shape[1])})`] : [],
    ),
    ...(rest ? [`all (n, ${count(report.rank)})`] : []),
  ];
  lines.push(`${out}: ${tensors.join(', ')}`);
  if (head !== undefined && features) lines.push(`${head}: ${count(report.rank)} → ${count(report.outputs.classes)}`);
  return lines;
}
