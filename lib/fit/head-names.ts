/** Which tensors of a file may be a head's weight and bias, by their names and shapes. */

/** Widths that a head must have. */
export interface HeadWidths {
  features: number;
  /** Undefined where it is not known. */
  classes?: number;
}

/** A weight that may be a head's, with the bias that goes with it. */
export interface HeadCandidate {
  /** What both names begin with, `fc` of `fc.weight`; the weight's own name where there is nothing else. */
  prefix: string;
  weight: string;
  bias: string | null;
  /** Whether it is (d, c). */
  turned: boolean;
  /** Whether a name tells which way round it is, or its shape does. */
  sure: boolean;
  /** Whether its name is a usual one of heads. */
  isHead: boolean;
}

type Shapes = ReadonlyMap<string, { shape: readonly number[] }>;

/** How names of a weight and of its bias end, and whether the weight is (d, c) (null: unknown), as Keras' and Flax' `kernel` is. */
const pairs: readonly [weight: RegExp, bias: readonly string[], turned: boolean | null][] = [
  [/(^|[._/])weight$/i, ['bias'], false],
  [/(^|[._/])kernel$/i, ['bias'], true],
  [/(^|[._/])coef_$/i, ['intercept_'], false],
  [/(^|[._/])weights$/i, ['biases', 'bias'], null],
  [/(^|[._/])W$/, ['b'], null],
  [/(^|[._/])w$/, ['b'], null],
];

/** Usual names of the last layer in torchvision, timm, transformers and people's own code, behind any prefix. */
const heads =
  /(^|[._/])(fc|head|head_dist|heads[._/]head|head[._/](fc|l|out_proj)|fc[._/]out|classifier|classifier[._/]\d+|linear|last_linear|logits|predictions|dense_out|output|cls_head[._/]fc|head[._/]classifier)$/i;

const isVector = (shape: readonly number[] | undefined, length: number): boolean =>
  shape !== undefined && shape.reduce((product, dim) => product * dim, 1) === length;

/** Matrices (c, d) or (d, c), or 1x1 convolutions (c, d, 1, 1), that fit the widths. */
export function candidatesIn(tensors: Shapes, { features, classes }: HeadWidths): HeadCandidate[] {
  const fits = (c: number, d: number): boolean => d === features && (classes === undefined ? c > 1 : c === classes);
  return [...tensors].flatMap(([name, { shape }]): HeadCandidate[] => {
    if (shape.length < 2 || shape.slice(2).some((dim) => dim !== 1)) return [];
    const [rows, cols] = shape;
    const pair = pairs.find(([ending]) => ending.test(name));
    const turned = fits(rows, cols) && fits(cols, rows) ? (pair?.[2] ?? false) : !fits(rows, cols);
    if (turned && !fits(cols, rows)) return [];
    const stem = pair ? name.replace(pair[0], '') : name;
    const c = turned ? cols : rows;
    const joint = pair ? (/[._/](?=[^._/]*$)/.exec(name)?.[0] ?? '') : '';
    const bias = (pair?.[1] ?? [])
      .map((ending) => (stem === '' ? ending : `${stem}${joint}${ending}`))
      .find((key) => isVector(tensors.get(key)?.shape, c));
    // `numpy.savez(FILE, W, b)` calls them arr_0 and arr_1.
    const others = pair ? [] : [...tensors].filter(([key, other]) => key !== name && isVector(other.shape, c));
    return [
      {
        prefix: stem || name,
        weight: name,
        bias: bias ?? (others.length === 1 ? others[0][0] : null),
        turned,
        sure: rows !== cols || (pair?.[2] ?? null) !== null,
        isHead: stem === '' ? pair !== undefined : heads.test(stem),
      },
    ];
  });
}
