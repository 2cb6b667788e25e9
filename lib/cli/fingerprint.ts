import type { Command } from 'commander';
import { FeatReconstructError, isCoded, UsageError, visibleData } from '../base/index.js';
import type { ToldApart } from '../words/index.js';
import type { Fingerprint } from '../leaks/index.js';
import type { LoggedLabels } from '../logs/index.js';
import { common, createContext } from './context.js';
import { logOptions } from './options.js';
import { linesOf } from './terminal.js';

interface Flags {
  observe?: string;
  columns?: string[];
  skipBadLines?: boolean;
  features: boolean;
  json?: boolean;
  quiet?: boolean;
}

export function register(program: Command): void {
  common(
    logOptions(
      program
        .command('fingerprint')
        .description(
          'from outputs alone: the hidden width and the layer before the head; of two files, whether one head made both',
        )
        .argument(
          '<file...>',
          'outputs: a store, .safetensors (FILE#NAME), .npy, .npz, or a log (CSV, JSON, Parquet, …); one or two',
        )
        .option('--observe <shown>', "turn logits into what an interface would show, as in 'sweep'")
        .option('--no-features', 'skip the search for the layer before the head, the slowest part'),
    ),
  )
    .addHelpText(
      'after',
      `
It needs a few more rows than the hidden layer is wide. Twice the number of classes is plenty.

Examples:
  $ featreconstruct fingerprint predictions.csv
  $ featreconstruct fingerprint ours.npy theirs.csv --json`,
    )
    .action(async (paths: string[], flags: Flags) => {
      const context = createContext(flags);
      if (paths.length > 2) throw new UsageError(`Expected one file of outputs or two, found ${paths.length}.`);
      const { compareRows, sameHeadOfFiles } = await import('../experiments/index.js');
      const { alignPair, pairRows } = await import('../logs/index.js');
      const { fingerprint, ofCutLog } = await import('../leaks/index.js');
      const { openShown } = await import('./outputs.js');
      const {
        idsFoundInWords,
        logNoteInWords,
        outputsNoteInWords,
        parseObserve,
        rowByRowInWords,
        sameHeadInWords,
        showsLabel,
        toldApartInWords,
      } = await import('../words/index.js');
      const opened: Awaited<ReturnType<typeof openShown>>[] = [];
      try {
        try {
          for (const path of paths) opened.push(await openShown(path, flags));
        } catch (error) {
          const isLabels = paths.length === 2 && isCoded(error, 'not-outputs', 'too-few-rows');
          const labels = isLabels ? await byLabels([paths[0], paths[1]], flags, context.signal) : null;
          if (!labels) throw error;
          return context.print(linesOf(labels.text), labels.data);
        }
        const isLabel = flags.observe !== undefined && showsLabel(parseObserve(flags.observe).steps);
        const pair = opened.length === 2 ? alignPair(opened[0], opened[1]) : null;
        if (pair) opened.splice(0, 2, ...pair.files);
        const task = { signal: context.signal, onProgress: context.onProgress };
        const prints: (Fingerprint & { file: string; notes: string[] })[] = [];
        for (const { rows, name, notes, mixed, groups, truncated } of opened) {
          const { features } = flags;
          const found = await fingerprint(rows, { ...task, features, leaveOut: mixed, parts: groups });
          // Of rows that --observe cuts all classes are known.
          const cut = truncated ? rows.about?.cut : undefined;
          prints.push({
            ...{ file: name, notes: notes.map(logNoteInWords) },
            ...(cut ? ofCutLog(found, cut.shown) : found),
          });
        }
        const several = prints.map((print) => print.several ?? null);
        const same = pair && (await sameHeadOfFiles(pair.files, pair.by, [several[0], several[1]], task));
        // Zeros that stand for what a log does not show are no probabilities of 0.
        const cut = opened.flatMap(({ truncated }, i) => (truncated ? [i] : []));
        if (same?.reason.kind === 'hidden' && same.reason.why.kind === 'zeros' && cut.includes(same.reason.set)) {
          const why = prints[same.reason.set].reasons.find((reason) => reason.kind === 'width-not-shown');
          if (why) same.reason = { ...same.reason, why: why.why };
        }
        const text = await Promise.all(prints.map((print) => describe(visibleData(print), flags.features)));
        const said = prints.map((print) => ({ ...print, reasons: print.reasons.map(outputsNoteInWords) }));
        const apart = opened.length === 2 ? await ofStores(paths, flags.observe ?? 'logits') : null;
        // Rows whose columns are not the same are no rows to compare.
        const isMatched = same !== null && same.reason.kind !== 'other-names' && same.reason.kind !== 'sorted-names';
        const pairing = isMatched ? await pairRows(opened[0], opened[1], task) : null;
        const written = prints.map(({ outputs: { scale, percent, storage, decimals } }) => ({
          unit: [scale, storage?.type].join(),
          percent: percent ?? false,
          // Of labels 1 and 0 are no numbers that rounding brings together.
          decimals: isLabel ? null : decimals,
        }));
        const rowByRow =
          pairing?.paired &&
          (await compareRows([opened[0].rows, opened[1].rows], pairing.paired, [written[0], written[1]], task));
        const sentences = [
          ...(rowByRow ? [rowByRowInWords(visibleData(rowByRow))] : []),
          ...(same ? [sameHeadInWords(same)] : []),
          ...(apart ? [toldApartInWords(apart)] : []),
          ...(same?.same === null && pairing?.found && !apart ? [idsFoundInWords(visibleData(pairing.found))] : []),
        ];
        const sentence = sentences.join(' ');
        context.print(
          // What was asked of two files is answered first, answered or not.
          linesOf([...sentences, ...text].join('\n\n')),
          same
            ? {
                files: said,
                sameHead: {
                  ...same,
                  sentence,
                  ...(apart ? { toldApart: apart[0] } : {}),
                  ...(rowByRow ? { rowByRow } : {}),
                },
              }
            : said[0],
        );
      } finally {
        for (const { close } of opened) await close();
      }
    });
}

/** Two logs of which one at least has the best class of each row alone, compared label by label; null for any others. */
async function byLabels(
  paths: readonly [string, string],
  { skipBadLines = false, columns = null }: { skipBadLines?: boolean; columns?: readonly string[] | null },
  signal: AbortSignal,
): Promise<{ text: string; data: unknown } | null> {
  const { labelsOf, openLabels, openRows } = await import('../logs/index.js');
  const { compareLabels } = await import('../experiments/index.js');
  const { idsFoundInWords, rowByRowInWords } = await import('../words/index.js');
  const labels: LoggedLabels[] = [];
  for (const path of paths) {
    try {
      const opened = await openRows(path, 'logits', { skipBadLines, columns, signal });
      labels.push(await labelsOf(opened));
      await opened.close();
    } catch (error) {
      // What else is wrong is said where the file is opened for all of its outputs.
      if (!isCoded(error, 'not-outputs', 'too-few-rows')) return null;
      const found = await openLabels(path);
      if (!found) return null;
      labels.push(found);
    }
  }
  const { rowByRow, found } = await compareLabels([labels[0], labels[1]], { signal });
  const text = rowByRow ? rowByRowInWords(visibleData(rowByRow)) : idsFoundInWords(visibleData(found));
  const files = labels.map(({ path, column, labels: all }) => ({ file: path, rows: all.length, labels: column }));
  return { text, data: { files, sameHead: null, ...(rowByRow ? { rowByRow } : {}), sentence: text } };
}

/** Two stores of the same images, compared row by row; null where the files are no such stores. */
async function ofStores(paths: readonly string[], observe: string): Promise<ToldApart[] | null> {
  if (!paths.every((path) => /\.safetensors$/i.test(path))) return null;
  const { openStore } = await import('../extract/index.js');
  const { toldApart } = await import('../experiments/index.js');
  const stores: Awaited<ReturnType<typeof openStore>>[] = [];
  try {
    for (const path of paths) stores.push(await openStore(path));
    const [a, b] = stores.map(({ provenance }) => provenance);
    return a.dataset.digest === b.dataset.digest && a.dataset.size === b.dataset.size
      ? await toldApart([stores[0], stores[1]], [observe])
      : null;
  } catch (error) {
    // A file of arrays is no store.
    if (error instanceof FeatReconstructError) return null;
    throw error;
  } finally {
    for (const store of stores) await store.close();
  }
}

/**
 * A fingerprint as lines.
 * @param looked whether what stands before the head was looked for
 */
async function describe(print: Fingerprint & { file: string; notes: string[] }, looked: boolean): Promise<string> {
  const { count, outputsNoteInWords } = await import('../words/index.js');
  const { file, rows, classes, notes, kind, hiddenWidth, normalised, rectified, reasons } = print;
  const facts: [string, string][] = [
    ['outputs', `${file}: ${count(rows)} rows of ${print.atLeast ? 'at least ' : ''}${count(classes)}`],
    ['kind', kind],
    [
      'hidden width',
      hiddenWidth === null
        ? 'not shown'
        : `at least ${count(hiddenWidth)}, if one model made all rows (several in one file add up)`,
    ],
    ['normalised', looked ? answer(normalised) : notLooked],
    ['rectified', looked ? answer(rectified) : notLooked],
  ];
  const width = Math.max(...facts.map(([name]) => name.length));
  return [
    ...facts.map(([name, value]) => `${name.padEnd(width)}  ${value}`),
    ...[...notes, ...reasons.map(outputsNoteInWords)].map((sentence) => `* ${sentence}`),
  ].join('\n');
}

const notLooked = 'not looked for (--no-features)';

const answer = (known: boolean | null): string => (known === null ? 'not shown' : known ? 'yes' : 'no');
