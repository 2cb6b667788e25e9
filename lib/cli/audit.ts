import { readdir, stat } from 'node:fs/promises';
import { InvalidArgumentError, Option, type Command } from 'commander';
import { join } from 'node:path';
import { UsageError, visibleData, visibleJson } from '../base/index.js';
import type { InterfaceAnswer } from '../leaks/index.js';
import type { Leaks, Results } from '../results/index.js';
import { common, createContext, type Context } from './context.js';
import { checkFailed } from './ending.js';
import { experimentOptions, finish, samplesOptions, storesOption, type ExperimentFlags } from './experiment.js';
import {
  logOptions,
  dataOptions,
  minutes,
  runtimeOptions,
  tensorOptions,
  transformOptions,
  wholeNumber,
} from './options.js';
import { datasetSpec, partOptions, type PartFlags } from './part.js';
import { kept } from './signals.js';
import { linesOf, say } from './terminal.js';

interface Flags extends ExperimentFlags, PartFlags {
  vary?: number;
  observe?: string[];
  columns?: string[];
  skipBadLines?: boolean;
  minutes?: number;
  budget?: number;
  atMost?: number;
}

export function register(program: Command): void {
  const command = program
    .command('audit')
    .description("what a model's outputs give away on your own images: a verdict, a table and results.json")
    .argument(
      '[models...]',
      'an .onnx classifier (its folder, or hf:owner/name), then images: a folder, a .zip or .tar, or a data set such as cifar100:train[0:5000]; or two models, then images, to compare both; or a log of outputs alone (CSV, JSON, Parquet, .npy, …)',
    )
    .addOption(
      new Option(
        '--budget <time>',
        'about how long the whole audit should take, such as 5m, 90s or 1m30s; the table of interfaces comes first, variations of the images and the search get what it leaves (default: 5m)',
      ).argParser(duration),
    )
    .addOption(
      new Option(
        '--vary <n>',
        'variations of each image (inverted, shifted, in other colours) (default: as many as the search needs, within the budget)',
      ).argParser(wholeNumber),
    )
    .option('--observe <shown...>', "interfaces to try, as in 'sweep', and noise:DEVIATION (default: twelve)")
    .addOption(
      new Option('--minutes <n>', 'time limit of the search in minutes (default: what is left of --budget)').argParser(
        minutes,
      ),
    )
    .addOption(
      new Option(
        '--at-most <percent>',
        'exit with code 1 unless each interface of --observe is known to give away no more of the features than this, its interval included',
      ).argParser(percentage),
    )
    .option('--out <dir>', 'folder for results.json and report.html', 'audit');
  logOptions(command);
  common(
    tensorOptions(
      runtimeOptions(
        dataOptions(partOptions(transformOptions(samplesOptions(storesOption(command)), '', "'imagenet'"))),
      ),
    ),
  )
    .addHelpText(
      'after',
      `
Figures are measured on images kept out of the fit, with a 95 % interval. Nothing leaves this machine.
Ctrl-C during the search for features ends the search, keeps what is certified, and the audit goes on.

Examples:
  $ featreconstruct audit model.onnx photos
  $ featreconstruct audit before.onnx after.onnx photos
  $ featreconstruct audit predictions.csv
  $ featreconstruct audit model.onnx photos --observe probs+topk:5+round:2 --at-most 50
  $ featreconstruct audit resnet20.onnx cifar10:test --data-dir data --vary 3 --out audit-resnet20
  $ featreconstruct audit model.onnx photos.zip --sample 500`,
    )
    .action(async (paths: string[], flags: Flags) => {
      const context = createContext(flags, { ...kept, finishes: true });
      await checkSwallowed(flags.observe);
      if (flags.atMost !== undefined && !flags.observe) {
        throw new UsageError(
          "Expected --observe with --at-most, found none: say what you publish, as in '--observe probs+topk:5+round:2 --at-most 50'.",
        );
      }
      if (paths.length === 0)
        throw new UsageError(
          "Expected a model and images, or a log of outputs, as in 'audit model.onnx photos', found none.",
        );
      if (paths.length === 1) return auditLog(paths[0], flags, { command, context });
      const [models, images] = [paths.slice(0, -1), paths[paths.length - 1]];
      if (models.length > 2) {
        throw new UsageError(`Expected one or two models and images, found ${paths.length} paths.`);
      }
      const logs = paths.filter((path) => isLog.test(path));
      if (logs.length > 0) {
        const how = logs.map((path) => `'audit ${path}'`).join(' and ');
        throw new UsageError(
          `Expected models and images, or one log of outputs alone, found ${paths.length} paths with ${logs.length === 1 ? `the log '${logs[0]}'` : 'logs'} among them. Audit them one at a time, as in ${how}; 'fingerprint' compares two logs.`,
        );
      }
      if (/\.(onnx|ort)$/i.test(images)) {
        throw new UsageError(`Expected images after the models, found the model '${images}' last.`);
      }
      const ofLog = flags.skipBadLines ? '--skip-bad-lines' : flags.columns ? '--columns' : null;
      if (ofLog) throw new UsageError(`Expected ${ofLog} with a log alone, found a model and images.`);
      const { auditModel, modelsToldApart, withToldApart } = await import('../experiments/index.js');
      const { parseObserve } = await import('../words/index.js');
      flags.observe?.forEach(parseObserve);
      const dataset = await datasetSpec(images, flags);
      const options = {
        ...(await experimentOptions(flags, context, { models, datasets: [dataset] })),
        vary: flags.vary,
        observe: flags.observe,
        onInterfaces: models.length === 1 && !flags.quiet ? tableFirst : undefined,
        recoverySeconds: flags.minutes === undefined ? undefined : 60 * flags.minutes,
      };
      const all: Results[] = [];
      const whole = flags.budget ?? usualBudget;
      const begun = performance.now();
      for (const [done, model] of models.entries()) {
        // Two models share the time; the second has its half and what the first left.
        const left = (whole - (performance.now() - begun) / 1000) / (models.length - done);
        const budget = { budgetSeconds: Math.max(whole / models.length, Math.round(left)) };
        all.push(
          await auditModel(model, dataset, {
            ...{ ...options, ...budget },
            ...(models.length > 1 ? { sharedSeconds: whole } : {}),
          }),
        );
      }
      if (all.length === 1) {
        await finishAudit(all[0], { out: flags.out, asked: flags.observe }, context);
        return checkLimit(all, flags);
      }
      const specs = (all[0].leaks?.interfaces ?? []).map(({ observe }) => observe);
      const apart = await modelsToldApart([models[0], models[1]], dataset, specs, options);
      await finishBoth(withToldApart([all[0], all[1]], apart), models, flags.out, context);
      await checkLimit(all, flags);
    });
}

/** @throws UsageError where `--observe`, which takes all that follows it, was followed by paths */
async function checkSwallowed(observe: readonly string[] = []): Promise<void> {
  const { parseObserve } = await import('../words/index.js');
  const isSpec = (text: string): boolean => {
    try {
      return parseObserve(text).steps.length > 0;
    } catch {
      return false;
    }
  };
  const isPath = (text: string): Promise<boolean> =>
    stat(text).then(
      () => true,
      () => /[\\/]|\.\w{2,5}$/.test(text),
    );
  for (const [i, text] of observe.entries()) {
    if (isSpec(text) || !(await isPath(text))) continue;
    throw new UsageError(
      `Expected interfaces after --observe, found the path '${text}': --observe takes all that follows it. Put the model and the images first, as in 'audit ${observe.slice(i).join(' ')} --observe ${observe.slice(0, i).join(' ') || 'probs+topk:5'}'.`,
    );
  }
}

/** Endings of logs; a list of images has other ones, or a scheme before it. */
const isLog = /^(?!\w{2,}:).*\.(csv|tsv|jsonl|ndjson|npy|npz|parquet|safetensors)(\.gz)?$/i;

/** A share in percent, with or without its sign. */
function percentage(text: string): number {
  const value = Number(text.trim().replace(/\s*%$/, ''));
  if (text.trim() !== '' && value >= 0 && value < 100) return value / 100;
  throw new InvalidArgumentError(`Expected a percentage from 0 to below 100, such as 50, found '${text}'.`);
}

/** Fails where what is published is not known to give away as little as was asked; says so, whatever else is printed. */
async function checkLimit(all: readonly Results[], { atMost, observe = [] }: Flags): Promise<void> {
  if (atMost === undefined) return;
  const { overLimit } = await import('../leaks/index.js');
  const { overLimitInWords } = await import('../words/index.js');
  for (const { leaks, environment } of all) {
    const found = overLimit(leaks?.interfaces ?? [], observe, atMost);
    if (found.length === 0) continue;
    checkFailed();
    const whose = all.length > 1 ? `${String(visibleData(environment.models[0].name))}: ` : '';
    say(`error: ${whose}${overLimitInWords(found, atMost)}`);
  }
}

/** Default of `--budget`, in seconds. */
const usualBudget = 300;

/** Shows the table of interfaces, beside the progress, before the search begins: it is the answer that most want. */
async function tableFirst(interfaces: readonly InterfaceAnswer[]): Promise<void> {
  const { interfaceTable } = await import('./audit-text.js');
  say('', ...linesOf(await interfaceTable([{ interfaces: [...interfaces] }])), '');
}

/** Units of a time, in seconds. */
const units: readonly [name: RegExp, seconds: number][] = [
  [/^(s|secs?|seconds?)$/i, 1],
  [/^(m|mins?|minutes?)$/i, 60],
  [/^(h|hrs?|hours?)$/i, 3600],
];

/** Seconds of a time such as `5m`, `90s`, `1m30s`, `2 min`, `1h`. A number without its unit is asked about: people mean either. */
function duration(text: string): number {
  const given = text.trim();
  const parts = [...given.matchAll(/(\d+\.?\d*|\.\d+)\s*([a-z]+)\s*/giy)];
  const isWhole = parts.length > 0 && parts.reduce((length, [part]) => length + part.length, 0) === given.length;
  const unitOf = (name: string): number | undefined => units.find(([names]) => names.test(name))?.[1];
  const unknown = isWhole ? parts.find(([, , name]) => unitOf(name) === undefined)?.[2] : undefined;
  if (unknown !== undefined) {
    throw new InvalidArgumentError(
      `Expected a time in seconds (s), minutes (m) or hours (h), found the unit '${unknown}': write it as in 90s, 5m, 1m30s or 1h.`,
    );
  }
  if (/^[\d.]+$/.test(given) && Number(given) > 0)
    throw new InvalidArgumentError(`Expected a time with its unit, such as ${given}s or ${given}m.`);
  const value = isWhole ? parts.reduce((sum, [, number, name]) => sum + Number(number) * unitOf(name)!, 0) : NaN;
  if (value > 0) return value;
  throw new InvalidArgumentError(
    value === 0 || /^-?0*\.?0+$/.test(given)
      ? 'Expected a time above 0, such as 5m, 90s, 1m30s or 1h.'
      : `Expected a time such as 5m, 90s, 1m30s or 1h, found '${given}'.`,
  );
}

/** Writes OUT/results.json and OUT/report.html, and prints what they say in short. */
async function finishAudit(
  results: Results,
  { out, asked }: { out: string; asked?: readonly string[] },
  context: Context,
): Promise<void> {
  const { renderReport } = await import('../report/index.js');
  const { noticesOf } = await import('../results/index.js');
  const { noticeInWords } = await import('../words/index.js');
  const { auditText, wrapped } = await import('./audit-text.js');
  const { makeFolder, writeWhole } = await import('../bytes/index.js');
  await makeFolder(out);
  const [file, page] = [join(out, 'results.json'), join(out, 'report.html')];
  await writeWhole(file, [Buffer.from(`${visibleJson(results)}\n`)]);
  await writeWhole(page, [Buffer.from(await renderReport([results]))]);
  const notices = noticesOf(visibleData(results)).map((notice) => wrapped(noticeInWords(notice), '! '));
  const blocks = [...(await auditText(results, asked)), notices.join('\n')].filter((block) => block !== '');
  context.print([...linesOf(blocks.join('\n\n')), '', file, `Open ${page}`, ...thumbnails(results)], results);
  if (results.failures.length > 0) checkFailed();
}

/** That the page shows some of the images, to whoever passes it on. */
const thumbnails = ({ samples = [] }: Results): string[] =>
  samples.length > 0 ? ['The page holds thumbnails of some of your images; --no-samples leaves them out.'] : [];

/**
 * Writes OUT/1 and OUT/2 with the results of two models and one page for both, and prints a table of them side by side.
 */
async function finishBoth(
  all: readonly Results[],
  paths: readonly string[],
  out: string,
  context: Context,
): Promise<void> {
  const { besideInWords, renderReport, renderTable, toldApartColumns, toldApartOf, toldApartTitle, withNames } =
    await import('../report/index.js');
  const { makeFolder, writeWhole } = await import('../bytes/index.js');
  const files: string[] = [];
  for (const [i, results] of all.entries()) {
    await makeFolder(join(out, String(i + 1)));
    files.push(join(out, String(i + 1), 'results.json'));
    await writeWhole(files[i], [Buffer.from(`${visibleJson(results)}\n`)]);
  }
  const page = join(out, 'report.html');
  const shown = all.map((results) => visibleData(results));
  const { interfaceTable, wrapped } = await import('./audit-text.js');
  const same = shown.map(({ environment }) => environment.models[0].name);
  // Two versions are often two folders with a model.onnx each.
  const names = same[0] === same[1] ? paths.map((path) => String(visibleData(path))) : same;
  const named = shown.flatMap((results, i) => withNames([results], { [same[i]]: names[i] }));
  await writeWhole(page, [Buffer.from(await renderReport(named))]);
  const apart = toldApartOf(shown);
  const blocks = [
    wrapped(
      'How much of its features a simple reader got from each model, by what is published, with a 95 % interval. With more images or a better reader, more can be read off.',
    ),
    await interfaceTable(
      shown.map(({ leaks }) => leaks!),
      names,
    ),
    ...besideInWords(shown, names).map((sentence) => wrapped(sentence)),
    ...(apart ? [`${toldApartTitle}:\n\n${renderTable(toldApartColumns, apart)}`] : []),
    ...(await Promise.all(shown.map(async ({ leaks }, i) => wrapped(`${names[i]}: ${await alone(leaks!)}`)))),
    wrapped(
      `What others can do with the outputs of each model, and what to publish instead, is in ${page}, and in full in an audit of one model.`,
    ),
  ];
  context.print(
    [
      ...linesOf(blocks.join('\n\n')),
      '',
      ...files,
      `Open ${page}`,
      ...thumbnails({ ...all[0], samples: all.flatMap(({ samples = [] }) => samples) }),
    ],
    all,
  );
  if (all.some(({ failures }) => failures.length > 0)) checkFailed();
}

/** The finding on what the outputs give away alone. */
async function alone({ verdict, recovery }: Leaks): Promise<string> {
  const { findingInWords } = await import('../words/index.js');
  const finding = recovery?.certified ? verdict.findings[0] : verdict.findings[verdict.findings.length - 1];
  return findingInWords(finding, true);
}

/** Options that an audit of a log takes. */
const ofLogs = new Set(['columns', 'skipBadLines', 'out', 'minutes', 'budget', 'json', 'quiet']);

/** Audits a log of outputs, without a model. */
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
  if (await isImages(path)) {
    throw new UsageError(
      `Expected the model before its images, as in 'audit model.onnx ${path}', found images alone. A log of outputs is audited without a model.`,
    );
  }
  // Options for a model or images are refused: ignoring them would look as if they had been followed.
  const other = of.options.find(
    (option) => of.getOptionValueSource(option.attributeName()) === 'cli' && !ofLogs.has(option.attributeName()),
  );
  if (other) throw new UsageError(`Expected ${other.long} with a model and images, found a log alone (${path}).`);
  const { auditOutputs } = await import('../experiments/index.js');
  const { command, signal, onProgress } = await experimentOptions(flags, context);
  const results = await auditOutputs(path, {
    ...{ command, signal, onProgress, skipBadLines: flags.skipBadLines, columns: flags.columns },
    recoverySeconds: flags.minutes === undefined ? flags.budget : 60 * flags.minutes,
  });
  const { findingsInWords, outputsNoteInWords } = await import('../words/index.js');
  const { wrapped } = await import('./audit-text.js');
  const { verdict, fingerprint, log, recovery } = visibleData(results).leaks!;
  const assumptions = recovery?.certified ? (recovery.assumptions ?? []) : [];
  const isAssumed = (text: string): boolean => assumptions.includes(text);
  const found = findingsInWords(verdict.findings, true).filter((sentence) => !isAssumed(sentence));
  // The finding has the reason already.
  const isSaid = verdict.findings.some(({ kind }) => kind === 'width-not-shown');
  const more = [
    ...log!.notes,
    ...fingerprint.reasons.filter(({ kind }) => !isSaid || kind !== 'width-not-shown').map(outputsNoteInWords),
    ...(recovery?.certified ? [recovery.sentence] : []),
  ];
  await finish(results, flags.out, context, [
    found.map((sentence) => wrapped(sentence, '* ')).join('\n'),
    [...new Set(more)].map((sentence) => wrapped(sentence)).join('\n'),
    ...(assumptions.length > 0
      ? [
          ['What the proof says, and what it takes for granted:', ...assumptions]
            .map((sentence) => wrapped(sentence))
            .join('\n'),
        ]
      : []),
    ...(verdict.findings.some(({ kind }) => kind === 'readings-unknown')
      ? [
          wrapped(
            'With the model and a few hundred photographs it is measured: featreconstruct audit model.onnx photos',
          ),
        ]
      : []),
  ]);
}

/**
 * Whether a path is a folder with images at the top or in its subfolders, an archive of images, or a named data set.
 */
async function isImages(path: string): Promise<boolean> {
  if (/\.(zip|tar|tgz|tar\.gz)$/i.test(path)) return true;
  const { formatNames, isImageName } = await import('../datasets/index.js');
  const entries = await readdir(path, { withFileTypes: true }).catch(() => null);
  if (entries === null) return formatNames.some((name) => path.startsWith(`${name}:`));
  const files = entries.filter((entry) => !entry.isDirectory()).map(({ name }) => name);
  // A log's parts may have a plot beside them, and images a list of their labels.
  const isPart = (name: string): boolean =>
    /\.(csv|tsv|jsonl?|ndjson|parquet|gz|safetensors)$/i.test(name) && !/^(labels|classes|meta)/i.test(name);
  if (files.some(isPart)) return false;
  if (files.some(isImageName)) return true;
  for (const entry of entries.filter((each) => each.isDirectory())) {
    const names = await readdir(join(path, entry.name)).catch(() => [] as string[]);
    if (names.some(isImageName)) return true;
  }
  return false;
}

/** Whether a path is an .onnx file, or a folder with a model as transformers writes it. */
async function isModel(path: string): Promise<boolean> {
  const { isModelName } = await import('../runtime/index.js');
  if (/\.ort$/i.test(path) || isModelName(path)) return true;
  const names = await readdir(path).catch(() => [] as string[]);
  return names.some((name) => /\.onnx$/i.test(name) || name === 'onnx' || name === 'model.safetensors');
}
