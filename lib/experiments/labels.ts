import type { Dataset } from '../datasets/index.js';
import type { Store } from '../extract/index.js';
import type { RowWarning } from '../words/index.js';

/** What a data set says of its labels. */
export type Labelled = Pick<Dataset, 'classNames' | 'classesAre'>;

/** Which of a model's classes the labels of a data set are. */
export interface Truth {
  /** The model's class of each label. */
  classes: readonly number[];
  /** True where nothing but their number says so. */
  assumed: boolean;
}

/**
 * Folders may have any names. They are the model's classes where they have the names of these (in any order, and some of
 * them are enough), or are as many WordNet ids as there are classes, which sort as ImageNet's classes do. Where the names
 * of the classes are not known, as many folders as classes are taken for them in the order of their names, as torchvision's
 * ImageFolder numbers them; figures that depend on it come with a warning.
 * @param classes how many the model has
 * @param names of the model's classes, where they are known
 * @returns undefined where the folders are not the model's classes
 */
export function truthOfFolders(
  folders: readonly string[],
  classes: number,
  names: readonly string[] | undefined,
): Truth | undefined {
  const inOrder = Array.from({ length: classes }, (_, i) => i);
  if (folders.length === classes && folders.every((folder) => /^n\d{8}$/.test(folder))) {
    return { classes: inOrder, assumed: false };
  }
  if (!names) return folders.length === classes ? { classes: inOrder, assumed: true } : undefined;
  const known = names.map(comparable);
  const found = folders.map((folder) => known.indexOf(comparable(folder)));
  // A name that two classes share does not say which of them a folder is.
  const isClear = (place: number): boolean => place >= 0 && known.indexOf(known[place], place + 1) < 0;
  return found.every(isClear) ? { classes: found, assumed: false } : undefined;
}

/** `Maple_Tree` and `maple tree` are one name, and so are both ways to write an é. */
const comparable = (name: string): string =>
  name
    .normalize('NFC')
    .toLowerCase()
    .replace(/[\s_-]+/g, ' ')
    .trim();

/** The labels of a store's images as the model's classes, −1 where there is none, and what to know of them. */
export interface KnownLabels {
  /** Absent where they are not the model's classes. */
  labels?: Int32Array;
  warnings: RowWarning[];
}

/**
 * The labels of a store as the model's classes, where they are these.
 * @param store of the model whose classes are meant
 * @param set the store's data set
 * @param names of the model's classes, where they are known
 */
export function labelsFor(
  { labels, head, provenance }: Pick<Store, 'labels' | 'head' | 'provenance'>,
  set: Labelled & Pick<Dataset, 'spec'>,
  names: readonly string[] | undefined,
): KnownLabels {
  const [classes] = head.weight.shape;
  if (set.classesAre !== 'folders') {
    const most = labels.reduce((highest, label) => Math.max(highest, label), -1);
    return { labels: most + 1 === classes ? labels : undefined, warnings: [] };
  }
  return ofFolders(labels, { ...set, folders: set.classNames ?? [] }, { name: provenance.model.name, classes, names });
}

/** The same where the labels are folders, which have names of their own. */
export function ofFolders(
  labels: Int32Array,
  { spec, folders }: { spec: string; folders: readonly string[] },
  { name, classes, names }: { name: string; classes: number; names: readonly string[] | undefined },
): KnownLabels {
  const truth = truthOfFolders(folders, classes, names);
  if (!truth) return { warnings: [] };
  return {
    labels: labels.map((label) => (label < 0 ? -1 : truth.classes[label])),
    warnings: truth.assumed
      ? [
          {
            ...{ kind: 'labels-by-number', labels: /^list:/.test(spec) ? 'class names' : 'folders', dataset: spec },
            ...{ classes, model: name },
          },
        ]
      : [],
  };
}

/** Least share of the test images in classes without training images that is worth a warning. */
const manyOfOthers = 0.1;

/**
 * The warning on two slices of one labelled data set with different classes: a folder is in the order of its classes, and
 * so are its slices. Null where that is not so, or there are no labels.
 */
export function classesApart(
  { train, test }: { train: string; test: string },
  trained: Int32Array,
  tested: Int32Array,
): RowWarning | null {
  const whole = (spec: string): string => spec.replace(/(\[[^\]]*\])+$/, '');
  if (train === test || whole(train) !== whole(test)) return null;
  const known = new Set(trained);
  const others = tested.filter((label) => label >= 0 && !known.has(label));
  if (others.length === 0 || others.length < manyOfOthers * tested.length) return null;
  return {
    ...{ kind: 'classes-apart', train, test },
    ...{ images: others.length, of: tested.length, classes: new Set(others).size },
  };
}
