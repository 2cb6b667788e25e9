import { readdir } from 'node:fs/promises';
import { Option, type Command } from 'commander';
import { UsageError, visibleData, wrap } from '../base/index.js';
import type { Leaks, Results } from '../results/index.js';
import { common, createContext, type Context } from './context.js';
import { experimentOptions, finish, samplesOptions, storesOption, type ExperimentFlags } from './experiment.js';
import { dataOptions, minutes, runtimeOptions, tensorOptions, transformOptions, wholeNumber } from './options.js';
import { datasetSpec, partOptions, type PartFlags } from './part.js';
import { kept } from './signals.js';

interface Flags extends ExperimentFlags, PartFlags {
  vary?: number;
  observe?: string[];
  minutes?: number;
}

export function register(program: Command): void {
  const command = program
    .command('audit')
    .description("what a model's outputs give away on your own images: a verdict, a table and results.json")
    .argument(
      '<model>',
      'an .onnx classifier, the folder that holds it (Hugging Face), or hf:owner/name; or a log of outputs (CSV, JSON, Parquet, .npy, …), without images',
    )
    .argument('[images]', 'a folder of images, a .zip or .tar of them, or a data set such as cifar100:train[0:5000]')
    .addOption(
      new Option(
        '--vary <n>',
        'also probe with n − 1 variations of each image, since whoever asks chooses the images',
      ).argParser(wholeNumber),
    )
    .option('--observe <shown...>', "what an interface shows, as in 'sweep' (default: the same nine)")
    .addOption(
      new Option(
        '--minutes <n>',
        'most minutes of the search for features from outputs alone; what comes before and after takes its own (default: 5)',
      ).argParser(minutes),
    )
    .option('--out <dir>', 'folder for results.json and report.html', 'audit');
  common(
    tensorOptions(runtimeOptions(dataOptions(partOptions(transformOptions(samplesOptions(storesOption(command))))))),
  )
    .addHelpText(
      'after',
      `
A fifth of the images, chosen by their content, is kept for testing. Nothing leaves this machine.
Ctrl-C while features are got back from outputs alone ends that with what is certified so far, and goes on.

Examples:
  $ featreconstruct audit model.onnx photos
  $ featreconstruct audit predictions.csv
  $ featreconstruct audit resnet20.onnx cifar10:test --data-dir data --vary 3 --out audit-resnet20
  $ featreconstruct audit model.onnx photos.zip --sample 500`,
    )
    .action(async (model: string, images: string | undefined, flags: Flags) => {
      const context = createContext(flags, { ...kept, finishes: true });
      if (images === undefined) return auditLog(model, flags, { command, context });
      const { auditModel } = await import('../experiments/index.js');
      const { parseObserve } = await import('../words/index.js');
      flags.observe?.forEach(parseObserve);
      const spec = await datasetSpec(images, flags);
      const results = await auditModel(model, spec, {
        ...(await experimentOptions(flags, context, { models: [model], datasets: [spec] })),
        vary: flags.vary,
        observe: flags.observe,
        recoverySeconds: flags.minutes === undefined ? undefined : 60 * flags.minutes,
      });
      await finish(results, flags.out, context, await summary(visibleData(results)));
    });
}

/** Options that an audit of a log hears. */
const ofLogs = new Set(['out', 'minutes', 'json', 'quiet']);

/** The verdict that needs no model. */
async function auditLog(
  path: string,
  flags: Flags,
  { command: of, context }: { command: Command; context: Context },
): Promise<void> {
  if (await isModel(path)) {
    throw new UsageError(
      `Expected images beside the model, as in 'audit ${path} photos', found none. A log of its outputs is audited without.`,
    );
  }
  // What is asked of a model or of images must not be passed over as if it had been done.
  const other = of.options.find(
    (option) => of.getOptionValueSource(option.attributeName()) === 'cli' && !ofLogs.has(option.attributeName()),
  );
  if (other) throw new UsageError(`Expected ${other.long} with a model and images, found a log alone (${path}).`);
  const { auditOutputs } = await import('../experiments/index.js');
  const { command, signal, onProgress } = await experimentOptions(flags, context);
  const results = await auditOutputs(path, {
    ...{ command, signal, onProgress },
    recoverySeconds: flags.minutes === undefined ? undefined : 60 * flags.minutes,
  });
  const { findingsInWords } = await import('../words/index.js');
  const { verdict, fingerprint, log, recovery } = visibleData(results).leaks!;
  const more = [...log!.notes, ...fingerprint.reasons, ...(recovery?.certified ? [recovery.sentence] : [])];
  await finish(results, flags.out, context, [
    findingsInWords(verdict.findings, true)
      .map((sentence) => wrapped(sentence, '* '))
      .join('\n'),
    [...new Set(more)].map((sentence) => wrapped(sentence)).join('\n'),
  ]);
}

/** An .onnx file, or a folder with one as transformers leaves it. */
async function isModel(path: string): Promise<boolean> {
  const { isModelName } = await import('../runtime/index.js');
  if (/\.ort$/i.test(path) || isModelName(path)) return true;
  const names = await readdir(path).catch(() => [] as string[]);
  return names.some((name) => /\.onnx$/i.test(name) || name === 'onnx' || name === 'model.safetensors');
}

/** The verdict first, then the model as `inspect` shows it. */
async function summary({ leaks, environment }: Results): Promise<string[]> {
  const { brief, count, findingsInWords } = await import('../words/index.js');
  const [{ name, featureDim, classCount, headRank, headCondition }] = environment.models;
  const facts = `${name}: ${count(featureDim)} features, ${count(classCount)} classes, rank of the head ${count(headRank)}, its condition ${brief(headCondition)}`;
  const { verdict, fingerprint } = leaks!;
  const found = await comparison(leaks!);
  return [
    findingsInWords(verdict.findings, true)
      .map((sentence) => wrapped(sentence, '* '))
      .join('\n'),
    [facts, ...fingerprint.reasons, ...found].map((sentence) => wrapped(sentence)).join('\n'),
  ];
}

/** In lines that fit a terminal of the usual 80 columns, those after the first as far in as the mark is wide. */
const wrapped = (text: string, mark = ''): string =>
  mark + wrap(text, 80 - mark.length).join(`\n${' '.repeat(mark.length)}`);

/** What came back, beside the model's own features. */
async function comparison({ comparison: found, recovery }: Leaks): Promise<string[]> {
  if (!found || !recovery) return [];
  const { count, rSquared, share } = await import('../words/index.js');
  return [
    found.kind === 'sphere'
      ? `Recovered vector beside the model's own features, up to a rotation: R² ${rSquared(found.r2)}, ${share(found.equalNeighbours)} of nearest neighbours equal.`
      : `Recovered features beside the model's own: ${count(recovery.features)} of ${count(found.identifiable)} that these images can show, the worst correlation ${rSquared(found.worst)}.`,
  ];
}
