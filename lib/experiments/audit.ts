import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { count, option, UsageError, type TaskOptions } from '../base/index.js';
import type { Store } from '../extract/index.js';
import {
  abilitiesOf,
  adviceOf,
  aloneFinding,
  auditVerdict,
  compareUpToRotation,
  identifiableFeatures,
  matchFeatures,
  ofKnownWidth,
  type AuditFindings,
  type InterfaceAnswer,
  type Recovery,
} from '../leaks/index.js';
import { float64Providers, providerName, type Model } from '../runtime/index.js';
import { definitions } from '../results/index.js';
import type { DatasetRecord, Leaks, Results, SpectrumRecord } from '../results/index.js';
import { alike } from './alike.js';
import {
  boundOfFew,
  boundOfRow,
  costOf,
  counted,
  showingWidth,
  shownOfModel,
  undoneBy,
  type Audited,
} from './audit-interfaces.js';
import { usualBudget, withVariations, type Asked } from './audit-variations.js';
import { classNamesOf } from './class-names.js';
import { givenTime, nearlyAll } from '../words/index.js';
import { describeEnvironment } from './environment.js';
import { Extraction } from './extraction.js';
import { eachInterface, readFewImages, type FewImagesBound } from './few-images.js';
import { readFewerImages } from './fewer-images.js';
import { readOnce } from './kept-rows.js';
import { labelsFor } from './labels.js';
import type { CommonOptions, SampleOptions } from './options.js';
import { fitPair, judgeFits, usualSamples, type ChosenReading, type JudgedFits } from './pairs.js';
import { widest } from './shown.js';
import { spectrumOf } from './spectra.js';
import { rowsOfStore, splitByContent, spreadOver, withoutCopies } from './split.js';
import { trainingFrom } from './training.js';

export interface AuditOptions extends CommonOptions, SampleOptions {
  /** Folder for stores of activations; what is there already is used again. Default null: they are removed at the end. */
  stores?: string | null | undefined;
  /** Ridge penalties, in units of the centred Gram; a row each. Default: the one that does best on images kept out. */
  alphas?: readonly number[] | undefined;
  /**
   * What an interface may show, a row each: `observe`'s specs. Default: `auditedInterfaces`; with more than 4,096
   * classes `usualInterfaces`.
   */
  observe?: readonly string[] | undefined;
  /**
   * Seeded variations of each image, itself the first: probes that switch more features off. Default: as many as a search
   * for features from the outputs alone takes, where that fits into `budgetSeconds`; else 1.
   */
  vary?: number | undefined;
  /**
   * Seconds that the whole audit should take, the images, the table of interfaces, variations and the search: the last two
   * take what the first two leave. Default 300.
   */
  budgetSeconds?: number | undefined;
  /** Seconds that several audits share, of which `budgetSeconds` are this one's: messages name both. Default: none are shared. */
  sharedSeconds?: number | undefined;
  /** Most seconds for the search alone; what has its certificate by then is the result. Default: what is left of the budget. */
  recoverySeconds?: number | undefined;
  /** Called with the table of interfaces when it is known, before anything is searched for. */
  onInterfaces?: ((interfaces: readonly InterfaceAnswer[]) => void | Promise<void>) | undefined;
}

/** What an audit looks at, from all of the outputs down to the best class alone. */
export const usualInterfaces: readonly string[] = [
  'logits',
  'log-probs',
  'probs',
  'logits+round:2',
  'probs+round:4',
  'probs+round:2',
  'probs+topk:5',
  'probs+topk:5+round:2',
  'probs+topk:1',
];

/** What an audit looks at by default: the usual interfaces, two ways to blur an answer, and the best class without a number. */
export const auditedInterfaces: readonly string[] = [
  ...usualInterfaces,
  'temperature:0.5+probs+round:2',
  'probs+noise:0.01',
  'label',
];

/** Most images that a fit is judged on with very many classes: an agreement is known to three points on these. */
const mostJudged = 1024;

/**
 * What a model's outputs give away on one's own images: experiment 1 on a split by content (4 : 1), the sweep over what
 * an interface may show, the fingerprint, and the features recovered from the outputs alone, with a verdict.
 * @param model a classifier: its path or name, its bytes, or one that is loaded
 * @param dataset spec of the images
 * @throws FeatReconstructError as `extractToStore` does, and for too few images to split
 */
export async function auditModel(
  model: string | Uint8Array | Model,
  dataset: string,
  options: AuditOptions = {},
): Promise<Results> {
  if (typeof options.stores === 'string') return auditWith(model, dataset, { ...options, stores: options.stores });
  const stores = await mkdtemp(join(tmpdir(), 'featreconstruct-audit-'));
  try {
    return await auditWith(model, dataset, { ...options, stores });
  } finally {
    await rm(stores, { recursive: true, force: true });
  }
}

async function auditWith(
  model: string | Uint8Array | Model,
  dataset: string,
  options: AuditOptions & { stores: string },
): Promise<Results> {
  const { vary = 1, transform, samples = usualSamples } = options;
  if (!Number.isInteger(vary) || vary < 1) {
    throw new UsageError(`Expected ${option('vary')} to be a whole number from 1, found ${vary}.`);
  }
  const begun = performance.now();
  const { budgetSeconds = usualBudget, onInterfaces } = options;
  const extraction = new Extraction(options);
  try {
    const path = typeof model === 'string' ? model : await extraction.given(model);
    const role = { path, transform, unstated: 'imagenet' } as const;
    const classNames = await classNamesOf(() => extraction.describe(role), options.classNames);
    const { store: extracted, seconds } = await extraction.of(role, dataset, vary);
    const contents = await extraction.contents(dataset);
    const store = withoutCopies(extracted, contents, vary);
    const read = await readInterfaces(
      { store, contents, dataset, seconds, extraction, classNames, vary },
      { ...options, samples, onProgress: saying(options.onProgress, begun, budgetSeconds, options.sharedSeconds) },
    );
    await onInterfaces?.(read.interfaces);
    const [one] = definitions;
    const environment = await describeEnvironment(extraction.stores, [], {
      command: options.command ?? null,
      fitProvider: providerName(float64Providers(options.executionProviders)[0]),
      jointSeconds: null,
    });
    return {
      schema: 2,
      kind: 'audit',
      experiment: one.id,
      question: one.question,
      rows: read.rows,
      spectra: [read.spectrum],
      ...(read.samples.length > 0 ? { samples: read.samples } : {}),
      leaks: await leaksOf(
        { store, extraction, role, dataset, seconds, interfaces: read.interfaces },
        { ...options, budgetSeconds, begun, images: read.images },
      ),
      failures: read.failures,
      environment: {
        ...environment,
        datasets: withCopies(
          environment.datasets,
          imagesOf(extracted, vary).map((i) => contents[i]),
        ),
      },
    };
  } finally {
    await extraction.close();
  }
}

/** Passes progress on, and says once where the table of interfaces alone takes longer than the budget. */
function saying(
  onProgress: TaskOptions['onProgress'],
  begun: number,
  budget: number,
  shared?: number,
): TaskOptions['onProgress'] {
  let first: number | null = null;
  let said = false;
  return (progress) => {
    const { stage, done, total } = progress;
    if (stage === eachInterface && !said && done < total) {
      const now = performance.now();
      first ??= now;
      // The first alone says little: it may be the one that the head undoes.
      if (done === 2) {
        said = true;
        // Costs and widths take about as much again.
        const whole = (now - begun + (2 * total - 2) * (now - first)) / 1000;
        if (whole > budget) {
          onProgress?.({
            ...progress,
            note: `The table of interfaces alone takes about ${count(Math.ceil(whole))} s, more than the ${givenTime(budget)} that ${shared === undefined ? 'were asked for' : `are this model’s share of ${givenTime(shared)}`}: it is made, and what comes after it is left out.`,
          });
          return;
        }
      }
    }
    onProgress?.(progress);
  };
}

/** The rows of an audit, and where they come from. */
interface AuditedRows {
  store: Store;
  /** Of each image of the data set, a hash of its bytes. */
  contents: readonly string[];
  dataset: string;
  /** Seconds that extraction took. */
  seconds: number;
  extraction: Extraction;
  classNames: readonly string[] | undefined;
  vary: number;
}

/** What maps read off each interface, and what it costs. */
interface ReadInterfaces extends Pick<JudgedFits, 'rows' | 'failures' | 'samples'> {
  spectrum: SpectrumRecord;
  interfaces: InterfaceAnswer[];
  /** How many images costs and widths are told from. */
  images: number;
}

/**
 * Fits a map from each interface and judges it on images that were kept out. A function of its own: what it holds of very many
 * classes is gone before the outputs are looked at alone, which takes as much.
 */
async function readInterfaces(
  { store, contents, dataset, seconds, extraction, classNames, vary }: AuditedRows,
  { samples, ...options }: AuditOptions & { stores: string; samples: number },
): Promise<ReadInterfaces> {
  const { observe = interfacesFor(store) } = options;
  const { train: all, test } = splitByContent(store, contents, vary);
  const train = readOnce(all);
  // With so many classes the head takes as long on ten thousand images as the fit itself.
  const judgedOn = store.logits.cols > widest ? readOnce(spreadOver(test, mostJudged * vary, vary)) : test;
  const trainName = `${dataset} (4 of 5)`;
  const possible = observe.filter((spec) => !hidesNothing(spec, store.logits.cols));
  const plain = withoutVariations(store, vary);
  const labels = labelsFor(plain, await extraction.labelling(dataset), classNames).labels;
  const audited: Audited = {
    store: plain,
    groups: await alike(plain, groupsOf(plain, contents, vary)),
    ...(labels ? { labels } : {}),
  };
  const isFew = plain.rows <= fewImages && options.alphas === undefined;
  const few = isFew
    ? await readFewImages({ ...plain, groups: audited.groups, ...classesOf(plain) }, possible, {
        signal: options.signal,
        onProgress: options.onProgress,
      })
    : null;
  const side = { store: train, seconds };
  const training = await trainingFrom(side, side, options);
  const fits = await fitPair(
    training,
    { ...options, observe: possible },
    { variations: vary, chosen: few ? chosenOf(few) : undefined, penalise: options.alphas === undefined },
  );
  // Source and target are one store on each side, as they are in experiment 1.
  const judged = await judgeFits(
    fits,
    { source: judgedOn, target: judgedOn },
    {
      train: trainName,
      test:
        judgedOn.rows === test.rows
          ? `${dataset} (1 of 5)`
          : `${dataset} (${count(judgedOn.rows)} of the ${count(test.rows)} kept out)`,
      nTrain: train.rows,
      overlap: 0,
      extractSeconds: seconds,
      sampleSource: { count: samples, extraction, dataset, classNames, variations: vary },
    },
    { ...options, observe: possible },
  );
  const some = counted(audited);
  const interfaces = await interfacesOf(
    possible,
    { audited, some },
    few,
    { judged, judgedOn, contents, vary },
    options,
  );
  const spectrum = await spectrumOf(training.statistics, {
    source: store.provenance.model.name,
    from: 'logits',
    train: trainName,
    rcond: options.rcond,
    signal: options.signal,
  });
  const { rows, failures, samples: shown } = judged;
  return {
    ...{ rows, failures, samples: shown, spectrum, interfaces },
    images: new Set(groupsOf(some.store, contents, vary)).size,
  };
}

/** Positions in the data set of the images that a store has rows of. */
const imagesOf = ({ positions }: Store, variations: number): number[] => [
  ...new Set(Array.from(positions, (position) => Math.floor(position / variations))),
];

/** Says of the one data set of an audit how many of its images are copies of others. */
function withCopies(datasets: readonly DatasetRecord[], contents: readonly string[]): DatasetRecord[] {
  const duplicates = contents.length - new Set(contents).size;
  return datasets.map((set) => (duplicates > 0 ? { ...set, duplicates } : set));
}

/** The top K of no more than K classes is no interface of its own. */
function hidesNothing(spec: string, classes: number): boolean {
  const k = /topk:(\d+)/.exec(spec);
  return k !== null && Number(k[1]) >= classes;
}

/** Most images that are read in repeated splits, which keep each image out several times: time goes with their cube. */
const fewImages = 1000;

/**
 * The interfaces of an audit. With very many classes the two that blur all of an answer would take most of its time.
 */
const interfacesFor = ({ logits }: Store): readonly string[] =>
  logits.cols > widest ? usualInterfaces : auditedInterfaces;

/** The rows of the images themselves. */
const withoutVariations = (store: Store, vary: number): Store =>
  vary > 1
    ? rowsOfStore(
        store,
        Array.from({ length: store.rows }, (_, row) => row).filter((row) => store.positions[row] % vary === 0),
      )
    : store;

/** A number for each row: the same for images that are the same, byte for byte, and for variations of one image. */
function groupsOf({ positions }: Store, contents: readonly string[], vary: number): Int32Array {
  const known = new Map<string, number>();
  return Int32Array.from(positions, (position) => {
    const content = contents[Math.floor(position / vary)];
    const group = known.get(content) ?? known.size;
    known.set(content, group);
    return group;
  });
}

const classesOf = ({ labels }: Store): { classes?: Int32Array } =>
  labels.some((label) => label >= 0) ? { classes: labels } : {};

const chosenOf = (few: ReadonlyMap<string, FewImagesBound>): Map<string, ChosenReading> => {
  const chosen = new Map<string, ChosenReading>();
  for (const [spec, { reading }] of few) if (reading) chosen.set(spec, reading);
  return chosen;
};

interface Judged {
  judged: JudgedFits;
  judgedOn: Store;
  contents: readonly string[];
  vary: number;
}

async function interfacesOf(
  specs: readonly string[],
  { audited, some }: Record<'audited' | 'some', Audited>,
  few: ReadonlyMap<string, FewImagesBound> | null,
  { judged, judgedOn, contents, vary }: Judged,
  options: AuditOptions,
): Promise<InterfaceAnswer[]> {
  const undone = await undoneBy(audited.store.head);
  const { signal, onProgress } = options;
  const answers: InterfaceAnswer[] = [];
  const context = { groups: groupsOf(judgedOn, contents, vary), ...classesOf(judgedOn), undone, variations: vary };
  for (const [done, spec] of specs.entries()) {
    const found = few?.get(spec);
    // Where several penalties are given, the one that reads most counts.
    const rows = judged.rows
      .map((row, i) => ({ row, errors: judged.errors[i] }))
      .filter(
        ({ row, errors }) =>
          (row.observe ?? 'logits') === spec && row.prior === null && row.r2 !== null && errors !== null,
      )
      .sort((a, b) => b.row.r2! - a.row.r2!);
    const read = found
      ? boundOfFew(spec, found, audited.store.rows, undone)
      : rows.length > 0
        ? await boundOfRow(rows[0].row, rows[0].errors!, judgedOn, context)
        : null;
    answers.push({
      observe: spec,
      read,
      cost: await costOf(spec, some, { signal }),
      ...(await shownOfModel(spec, some, { signal })),
    });
    onProgress?.({ stage: 'what each interface costs', done: done + 1, total: specs.length, unit: 'interfaces' });
  }
  return withFewer(answers, audited, signal);
}

/** The interfaces that were estimated, with what fewer images give. */
async function withFewer(
  answers: readonly InterfaceAnswer[],
  { store, groups }: Audited,
  signal?: AbortSignal,
): Promise<InterfaceAnswer[]> {
  const estimated = answers.filter(({ read }) => read?.kind === 'at-least' && read.r2 < nearlyAll);
  const fewer = await readFewerImages(
    { ...store, groups, ...classesOf(store) },
    estimated.map(({ observe }) => observe),
    { signal },
  );
  return answers.map((each) => {
    const found = fewer.get(each.observe);
    return found && each.read ? { ...each, read: { ...each.read, fewer: found } } : each;
  });
}

/** What the outputs give away alone, and what all of it means. */
async function leaksOf(
  asked: Asked,
  { images, ...options }: AuditOptions & { images: number; begun: number; budgetSeconds: number },
): Promise<Leaks> {
  const { interfaces } = asked;
  const alone = await withVariations(asked, options);
  const { recovery, untried, store, vary, offer, skipped } = alone;
  const { model } = store.provenance;
  const print = ofKnownWidth(alone.print, model.featureDim);
  const report = recovery?.report ?? null;
  const comparison = await compare(recovery, store);
  const findings: AuditFindings = {
    model: model.name,
    classes: model.classCount,
    features: model.featureDim,
    images: Math.round(store.rows / vary),
    vary,
    curve: interfaces.flatMap(({ observe, read }) =>
      read === null
        ? []
        : {
            observe,
            r2: read.r2,
            fitted: read.kind === 'exact' ? model.featureDim + 1 : read.fitted,
            ...(read.by === 'log' ? { by: read.by } : {}),
            bound: read.kind,
            interval: read.kind === 'at-least' ? read.interval : null,
          },
    ),
    fingerprint: print,
    recovery: report,
    compared: comparison?.kind === 'sphere' ? comparison.r2 : null,
    untried,
    ...(offer ?? { variations: null }),
    ...(skipped ? { skipped: options.budgetSeconds } : {}),
    ...(options.sharedSeconds === undefined ? {} : { shared: options.sharedSeconds }),
  };
  const reason = report === null ? aloneFinding(findings) : null;
  const wide = interfaces.some(({ width }) => width === model.featureDim);
  // Variations fill directions that the images as they are do not.
  const filled =
    vary > 1 && !wide && print.hiddenWidth === model.featureDim
      ? await showingWidth(
          interfaces.map(({ observe }) => observe),
          store,
          { signal: options.signal },
        )
      : null;
  return {
    verdict: auditVerdict(findings),
    fingerprint: print,
    recovery: report,
    reason,
    comparison,
    interfaces: [...interfaces],
    abilities: abilitiesOf({
      classes: model.classCount,
      features: model.featureDim,
      outputs: store.rows - print.outputs.duplicates,
      images,
      width: print.hiddenWidth,
      ...(filled ? { filled } : {}),
      tooMany: model.classCount > widest,
      interfaces,
      recovery: report,
      untried,
      skipped,
      outOfTime: alone.outOfTime ?? false,
      needed: alone.needed,
    }),
    advice: adviceOf(interfaces),
    ...(vary > 1 ? { variations: vary } : {}),
  };
}

/** What was recovered beside the model's own features. */
async function compare(recovery: Recovery | null, store: Store): Promise<Leaks['comparison']> {
  if (!recovery?.features) return null;
  if (recovery.report.kind === 'sphere') {
    return { kind: 'sphere', ...(await compareUpToRotation(recovery.features, store.features)) };
  }
  const identifiable = (await identifiableFeatures(store.features)).filter((feature) => feature.identifiable).length;
  return { kind: 'rectified', identifiable, ...(await matchFeatures(recovery.features, store.features)) };
}
