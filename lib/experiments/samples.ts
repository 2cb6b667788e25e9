import { SPAN_TOLERANCE, type MapEvaluation } from '../evaluate/index.js';
import type { Store } from '../extract/index.js';
import { applyLinearMap } from '../fit/index.js';
import { decodeImage, thumbnail } from '../images/index.js';
import type { Sample } from '../datasets/index.js';
import type { LinearMap, RowSource } from '../tensor/index.js';
import type { LikelyClass, NamedClass, SampleImage } from '../results/index.js';
import type { Extraction } from './extraction.js';
import { truthOfFolders, type Labelled } from './labels.js';

/** Where the images and their names come from. */
export interface SampleSource {
  /** How many are shown. */
  count: number;
  extraction: Extraction;
  /** The data set of the test rows. */
  dataset: string;
  /** Names of the target's classes, where they are known. */
  classNames: readonly string[] | undefined;
  /** Rows that each image has; only the first of them is shown. Default 1. */
  variations?: number;
}

/** What one fit makes of the test set. */
interface EvaluatedFit {
  map: LinearMap;
  evaluation: MapEvaluation;
  /** What the map reads. */
  X: RowSource;
  target: Store;
}

const classesShown = 5;

/** Images to look at, chosen by {@link pickRows}. */
export async function sampleImages(
  { evaluation, map, X, target }: EvaluatedFit,
  sampleSource: SampleSource,
): Promise<SampleImage[]> {
  const { extraction, dataset, classNames, count, variations = 1 } = sampleSource;
  const nameOf = labelNames(await extraction.labelling(dataset), target.head.weight.shape[0], classNames);
  const reconstructed = applyLinearMap(target.head, applyLinearMap(map, X));
  const images: SampleImage[] = [];
  const isShown = (row: number): boolean => target.positions[row] % variations === 0;
  for (const { row, kind } of pickRows(evaluation, count, isShown)) {
    const { id, label, ...example } = await extraction.example(dataset, target.positions[row] / variations);
    images.push({
      id,
      kind,
      label: label < 0 ? null : nameOf(label),
      picture: await pictureOf(example),
      original: likeliest(await target.logits.read(row, row + 1), classNames),
      reconstructed: likeliest(await reconstructed.read(row, row + 1), classNames),
    });
  }
  return images;
}

/** What an image's label is called: a data set's own class, and of folders those alone that are the model's classes by name. */
function labelNames(
  { classNames: names, classesAre }: Labelled,
  classes: number,
  ofModel: readonly string[] | undefined,
): (label: number) => NamedClass | null {
  if (classesAre !== 'folders') return (label) => named(label, names);
  const truth = truthOfFolders(names ?? [], classes, ofModel);
  if (!truth || truth.assumed) return () => null;
  return (label) => ({ index: truth.classes[label], name: names![label] });
}

async function pictureOf({ image, encoded }: Pick<Sample, 'image' | 'encoded'>): Promise<string | null> {
  const decoded = image ?? (encoded && (await decodeImage(encoded)));
  return decoded ? thumbnail(decoded) : null;
}

/**
 * Up to half of the images are ones whose answers differ, one is a tie and one outside the span, where there are any; the
 * rest agree. Those of a kind are spread evenly from the least clear to the clearest of the original's answers, so that
 * nobody has picked them.
 */
export function pickRows(
  {
    originalClass,
    reconstructedClass,
    margin,
    span,
  }: Pick<MapEvaluation, 'originalClass' | 'reconstructedClass'> & {
    margin: ArrayLike<number>;
    span: { residual: ArrayLike<number> } | null;
  },
  count: number,
  isShown: (row: number) => boolean = () => true,
): { row: number; kind: SampleImage['kind'] }[] {
  const rows: Record<SampleImage['kind'], number[]> = { differs: [], tie: [], outside: [], agrees: [] };
  originalClass.forEach((value, row) => {
    if (!isShown(row)) return;
    const outside = span !== null && span.residual[row] > SPAN_TOLERANCE;
    const kind =
      value !== reconstructedClass[row] ? 'differs' : margin[row] === 0 ? 'tie' : outside ? 'outside' : 'agrees';
    rows[kind].push(row);
  });
  for (const group of Object.values(rows)) group.sort((a, b) => margin[a] - margin[b] || a - b);
  const kinds = ['differs', 'tie', 'outside', 'agrees'] as const;
  const wanted = { differs: Math.ceil(count / 2), tie: 1, outside: 1, agrees: count };
  const taken = { differs: 0, tie: 0, outside: 0, agrees: 0 };
  let left = count;
  // What one kind lacks, the next round fills from the others, with more that differ only where nothing else is left.
  const last = ['agrees', 'outside', 'tie', 'differs'] as const;
  for (const [limit, order] of [
    [wanted, kinds],
    [{ differs: count, tie: count, outside: count, agrees: count }, last],
  ] as const) {
    for (const kind of order) {
      const more = Math.max(0, Math.min(left, limit[kind] - taken[kind], rows[kind].length - taken[kind]));
      taken[kind] += more;
      left -= more;
    }
  }
  return kinds.flatMap((kind) => spread(rows[kind], taken[kind]).map((row) => ({ row, kind })));
}

/** `count` of a list, evenly spread. */
const spread = (rows: readonly number[], count: number): number[] =>
  Array.from({ length: count }, (_, i) => rows[Math.floor(((i + 0.5) * rows.length) / count)]);

/** The classes of the largest logits, of equal ones the lowest index first, with their softmax. */
export function likeliest(logits: ArrayLike<number>, names?: readonly string[]): LikelyClass[] {
  const values = Array.from(logits);
  const most = values.reduce((a, b) => Math.max(a, b));
  const total = values.reduce((sum, value) => sum + Math.exp(value - most), 0);
  return values
    .map((value, index) => ({ value, index }))
    .sort((a, b) => b.value - a.value || a.index - b.index)
    .slice(0, classesShown)
    .map(({ value, index }) => ({ ...named(index, names), probability: Math.exp(value - most) / total }));
}

const named = (index: number, names: readonly string[] | undefined): NamedClass => ({
  index,
  name: names?.[index] ?? null,
});
