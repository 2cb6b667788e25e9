import { createHash } from 'node:crypto';
import type { DatasetPart } from '../datasets/index.js';
import type { LeftOut } from '../words/index.js';
import type { PixelStep, Transform } from '../images/index.js';

/** Where a store's rows come from. It is written into the store and decides whether the store may be used again. */
export interface Provenance {
  /** Version of the store's layout. */
  format: 1;
  model: {
    /** File name without folder and ending; for people, not part of the key. */
    name: string;
    /** SHA-256 of the file and of its external data. */
    digest: string;
    /** Names of the tapped tensors. */
    features: string;
    logits: string;
    precision: string;
    featureDim: number;
    classCount: number;
  };
  dataset: {
    /** As asked for; for people, not part of the key. */
    spec: string;
    /** SHA-256 over the examples of this split and slice, in order. */
    digest: string;
    size: number;
    /** Where only some of the examples were asked for: of how many, and which. For people, not part of the key. */
    part?: DatasetPart;
    /** Files of kinds that are not read, by ending. For people, not part of the key. */
    leftOut?: LeftOut;
  };
  /** Null where the data set holds ready model inputs. */
  transform: Transform | null;
  /** The one that the model's file states, where it states one. For people, not part of the key. */
  ownTransform?: Transform;
  /**
   * Nobody said what the transform is, and the usual one (`imagenet`) was taken. `transformNotesInWords` says it, and also where
   * `protocol` was taken. For people, not part of the key.
   */
  assumed?: true;
  batchSize: number;
  /** Class of execution provider: another one rounds differently. */
  provider: string;
  /**
   * Which of the graph's nodes ran where: how many on each provider, and those that it left to the CPU. For people, not
   * part of the key. Absent for `cpu`, which runs all.
   */
  placement?: { nodes: Record<string, number>; onCpu: string[] };
  /** `head`: only features are stored, logits are the head of them. */
  logits: 'stored' | 'head';
}

/** The parts of a provenance that must be equal for two stores to hold the same numbers. */
function essence(provenance: Provenance): Record<string, unknown> {
  const { model, dataset, transform, format, batchSize, provider, logits } = provenance;
  return {
    format,
    batchSize,
    provider,
    logits,
    model: { digest: model.digest, features: model.features, logits: model.logits, precision: model.precision },
    images: { digest: dataset.digest, size: dataset.size },
    transform: transform && {
      steps: transform.steps,
      scale: transform.scale,
      mean: transform.mean,
      std: transform.std,
      ...(transform.channels ? { channels: transform.channels } : {}),
    },
  };
}

/** SHA-256 (hex) over everything that decides the numbers in a store. */
export function storeKey(provenance: Provenance): string {
  return createHash('sha256')
    .update(canonical(essence(provenance)))
    .digest('hex');
}

/** What differs between the provenance of a store and the one that was asked for, in words. */
export function differences(found: Provenance, wanted: Provenance): string {
  const a = essence(found);
  const b = essence(wanted);
  const words: Record<string, string> = {
    model: `model (${found.model.name}, not ${wanted.model.name}, or other bytes)`,
    images: `images (${found.dataset.spec}, not ${wanted.dataset.spec}, or other content)`,
    transform: `transform (${changes(found.transform, wanted.transform)})`,
    batchSize: `batch size (${found.batchSize}, not ${wanted.batchSize})`,
    provider: `provider (${found.provider}, not ${wanted.provider})`,
    logits: `stored logits (${found.logits}, not ${wanted.logits})`,
    format: `format (${found.format}, not ${wanted.format})`,
  };
  const names = Object.keys(b).filter((name) => canonical(a[name]) !== canonical(b[name]));
  return names.map((name) => words[name] ?? name).join(', ');
}

/** What differs between two transforms, each as `stored → asked for`. */
function changes(found: Transform | null, wanted: Transform | null): string {
  if (!found || !wanted)
    return `${found ? `'${found.name}'` : 'ready inputs'} → ${wanted ? `'${wanted.name}'` : 'ready inputs'}`;
  const shown = (transform: Transform): Record<string, string> => ({
    name: `'${transform.name}'`,
    steps: transform.steps.map(stepInWords).join(', ') || 'none',
    scale: `${transform.scale}`,
    mean: transform.mean.join(' '),
    std: transform.std.join(' '),
    channels: transform.channels ?? 'rgb',
  });
  const [before, now] = [shown(found), shown(wanted)];
  return Object.keys(now)
    .filter((key) => before[key] !== now[key])
    .map((key) => `${key === 'name' ? '' : `${key} `}${before[key]} → ${now[key]}`)
    .join('; ');
}

/** `resize 256 bilinear`, `centerCrop 224 x 224`. */
const stepInWords = (step: PixelStep): string =>
  Object.values(step)
    .map((value) => (Array.isArray(value) ? value.join(' x ') : String(value)))
    .join(' ');

/** JSON with sorted keys, so that equal data give equal text. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_, item: unknown) =>
    item !== null && typeof item === 'object' && !Array.isArray(item)
      ? Object.fromEntries(Object.entries(item).sort(([x], [y]) => (x < y ? -1 : 1)))
      : item,
  );
}

/** A provenance that was read from a file, checked field by field; null where it is none. */
export function readProvenance(value: unknown): Provenance | null {
  const { format, model, dataset, transform, ownTransform, assumed, batchSize, provider, placement, logits } =
    objectOf(value);
  const { name, digest, features, logits: logitsName, precision, featureDim, classCount } = objectOf(model);
  const set = objectOf(dataset);
  const isWhole =
    areNaturals([format, batchSize, featureDim, classCount, set.size]) &&
    areTexts([name, digest, features, logitsName, precision, set.spec, set.digest, provider]) &&
    (logits === 'stored' || logits === 'head') &&
    (transform === null || isTransform(transform)) &&
    (ownTransform === undefined || isTransform(ownTransform)) &&
    (assumed === undefined || assumed === true) &&
    (placement === undefined || isPlacement(placement));
  return isWhole ? (value as Provenance) : null;
}

const objectOf = (value: unknown): Record<string, unknown> =>
  typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
const areTexts = (values: readonly unknown[]): boolean => values.every((value) => typeof value === 'string');
const areNaturals = (values: readonly unknown[]): boolean =>
  values.every((value) => Number.isSafeInteger(value) && (value as number) >= 0);

function isTransform(value: unknown): boolean {
  const { name, steps, scale, mean, std, channels } = objectOf(value);
  const areNumbers = (list: unknown): boolean => Array.isArray(list) && list.every((each) => typeof each === 'number');
  return (
    areTexts([name]) &&
    Array.isArray(steps) &&
    typeof scale === 'number' &&
    areNumbers(mean) &&
    areNumbers(std) &&
    (channels === undefined || typeof channels === 'string')
  );
}

function isPlacement(value: unknown): boolean {
  const { nodes, onCpu } = objectOf(value);
  return areNaturals(Object.values(objectOf(nodes))) && Array.isArray(onCpu) && areTexts(onCpu);
}
