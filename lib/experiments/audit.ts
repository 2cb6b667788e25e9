import { count, option, UsageError } from '../base/index.js';
import type { Store } from '../extract/index.js';
import {
  aloneFinding,
  auditVerdict,
  compareUpToRotation,
  identifiableFeatures,
  matchFeatures,
  rectifiedRowsNeeded,
  sphereRowsNeeded,
  variationsNeeded,
  type AuditFindings,
  type Recovery,
} from '../leaks/index.js';
import { float64Providers, providerName } from '../runtime/index.js';
import { definitions } from '../results/index.js';
import type { DatasetRecord, Leaks, ResultRow, Results } from '../results/index.js';
import { classNamesOf } from './class-names.js';
import { describeEnvironment } from './environment.js';
import { Extraction } from './extraction.js';
import type { CommonOptions, SampleOptions } from './options.js';
import { fromOutputsAlone } from './outputs-alone.js';
import { fitPair, judgeFits, usualSamples } from './pairs.js';
import { widest } from './shown.js';
import { spectrumOf } from './spectra.js';
import { splitByContent, spreadOver } from './split.js';
import { trainingFrom } from './training.js';

export interface AuditOptions extends CommonOptions, SampleOptions {
  /** Folder for stores of activations; what is there already is used again. */
  stores: string;
  /** Ridge penalties, in units of the centred Gram; a row each. Default 0 alone: exact least squares. */
  alphas?: readonly number[];
  /** What an interface may show, a row each: `observe`'s specs. Default: nine of them, from all logits to the best class alone. */
  observe?: readonly string[];
  /** Each image in so many seeded variations, itself first: probes that switch more features off. Default 1. */
  vary?: number;
  /** Most seconds for the recovery; what has its certificate by then is the result. Default 300. */
  recoverySeconds?: number;
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

/** What an audit looks at where nobody says: these, and two ways to blur an answer. */
export const auditedInterfaces: readonly string[] = [
  ...usualInterfaces,
  'temperature:0.5+probs+round:2',
  'probs+noise:0.01',
];

/** Images on which an agreement is known to three points: of very many classes a fit is judged on no more. */
const mostJudged = 1024;

/**
 * What a model's outputs give away on one's own images: experiment 1 on a split by content (4 : 1), the sweep over what
 * an interface may show, the fingerprint, and the features recovered from the outputs alone, with a verdict in words.
 * @param model path of an .onnx classifier
 * @param dataset spec of the images
 * @throws FeatReconstructError as `extractToStore` does, and for too few images to split
 */
export async function auditModel(model: string, dataset: string, options: AuditOptions): Promise<Results> {
  const { vary = 1, transform, observe = usualInterfaces, samples = usualSamples } = options;
  if (!Number.isInteger(vary) || vary < 1) {
    throw new UsageError(`Expected ${option('vary')} to be a whole number from 1, found ${vary}.`);
  }
  const extraction = new Extraction(options);
  try {
    const role = { path: model, transform, unstated: 'imagenet' } as const;
    const classNames = await classNamesOf(() => extraction.describe(role), options.classNames);
    const { store, seconds } = await extraction.of(role, dataset, vary);
    const contents = await extraction.contents(dataset);
    const { train, test } = splitByContent(store, contents, vary);
    // Each fit's head of so many classes takes as long on ten thousand images as the fit itself.
    const judgedOn = store.logits.cols > widest ? spreadOver(test, mostJudged * vary, vary) : test;
    const trainName = `${dataset} (4 of 5)`;
    const possible = observe.filter((spec) => !hidesNothing(spec, store.logits.cols));
    const side = { store: train, seconds };
    const training = await trainingFrom(side, side, options);
    const fits = await fitPair(training, { ...options, observe: possible }, vary);
    // Source and target are one store on each side, as they are in experiment 1.
    const judged = await judgeFits(
      fits,
      { source: judgedOn, target: judgedOn },
      {
        train: trainName,
        test:
          judgedOn === test
            ? `${dataset} (1 of 5)`
            : `${dataset} (${count(judgedOn.rows)} of the ${count(test.rows)} kept out)`,
        nTrain: train.rows,
        overlap: 0,
        extractSeconds: seconds,
        sampleSource: { count: samples, extraction, dataset, classNames, variations: vary },
      },
      { ...options, observe: possible },
    );
    const { rows } = judged;
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
      rows,
      spectra: [
        await spectrumOf(training.statistics, {
          source: store.provenance.model.name,
          from: 'logits',
          train: trainName,
          rcond: options.rcond,
          signal: options.signal,
        }),
      ],
      ...(judged.samples.length > 0 ? { samples: judged.samples } : {}),
      leaks: await leaksOf(store, rows, options),
      failures: judged.failures,
      environment: {
        ...environment,
        datasets: withCopies(
          environment.datasets,
          imagesOf(store, vary).map((i) => contents[i]),
        ),
      },
    };
  } finally {
    await extraction.close();
  }
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

async function leaksOf(store: Store, rows: readonly ResultRow[], options: AuditOptions): Promise<Leaks> {
  const { vary = 1 } = options;
  const { print, recovery, untried } = await fromOutputsAlone(store.logits, options);
  const { model } = store.provenance;
  const report = recovery?.report ?? null;
  // Too few rows do not show the rank; what the model's width takes they still lack.
  const rank = print.rank ?? (untried === 'too-few-rows' ? Math.min(model.featureDim, model.classCount) : null);
  const comparison = await compare(recovery, store);
  const findings: AuditFindings = {
    model: model.name,
    classes: model.classCount,
    features: model.featureDim,
    images: Math.round(store.rows / vary),
    vary,
    curve: rows
      .filter(({ prior, alpha, r2, agreement }) => prior === null && alpha === 0 && r2 !== null && agreement !== null)
      .map(({ observe = 'logits', agreement, r2, r2PerFeature, reading, nTrain }) => ({
        observe,
        agreement: agreement!,
        r2: r2!,
        above99: r2PerFeature?.above99 ?? null,
        by: reading?.by,
        // Variations of an image are no images of their own: what a map learns of one it knows of the others.
        fitted: Math.floor(nTrain / vary),
      })),
    fingerprint: print,
    recovery: report,
    compared: comparison?.kind === 'sphere' ? comparison.r2 : null,
    untried,
    ...(rank === null ? { variations: null } : wantingRows(rank, store.rows - print.outputs.duplicates, vary)),
  };
  return {
    verdict: auditVerdict(findings),
    fingerprint: print,
    recovery: report,
    reason: report === null ? aloneFinding(findings) : null,
    comparison,
  };
}

/** What it takes to look for either kind of features, and as how many variations these images make it. */
function wantingRows(
  rank: number,
  distinct: number,
  vary: number,
): Pick<AuditFindings, 'needed' | 'variations' | 'rectified'> {
  const [sphere, rectified] = [sphereRowsNeeded(rank), rectifiedRowsNeeded(rank)];
  const variations = variationsNeeded(rectified, distinct, vary);
  return {
    needed: sphere,
    variations: variationsNeeded(sphere, distinct, vary),
    rectified: variations === null ? null : { needed: rectified, variations },
  };
}

async function compare(recovery: Recovery | null, store: Store): Promise<Leaks['comparison']> {
  if (!recovery?.features) return null;
  if (recovery.report.kind === 'sphere') {
    return { kind: 'sphere', ...(await compareUpToRotation(recovery.features, store.features)) };
  }
  const identifiable = (await identifiableFeatures(store.features)).filter((feature) => feature.identifiable).length;
  return { kind: 'rectified', identifiable, ...(await matchFeatures(recovery.features, store.features)) };
}
