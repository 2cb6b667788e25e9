import type { Json } from './parse-json.js';

/** What a log says of one image: fields by name, or scores by the label of their class. */
export type LoggedImage =
  | { kind: 'fields'; names: string[]; values: (number | string | null)[] }
  | { kind: 'labels'; labels: (string | number)[]; scores: number[] };

type JsonObject = { [name: string]: Json };

/** Names of a request's fields, and of what a service says of itself: taken for outputs only where there is nothing else. */
const asked =
  /^(inputs?|instances?|request|requests|data_uri|parameters|params|meta|metadata|usage|headers|model_?spec|context|schema|boundingpoly|boxes|bbox|embeddings?|features?|hidden_states)$/i;
/** Names that outputs often have. */
const answers =
  /^(logits|log_?probs|log_?probabilities|probabilities|probs|prob|scores?|pred_scores|predictions?|outputs?|results?|responses?|output_?\w*|classifications?|labels|label_?annotations|concepts|class_?predictions|top_?logprobs|data|value)$/i;

const labelNames = [
  'label',
  'labelname',
  'name',
  'classname',
  'class_name',
  'class',
  'tagname',
  'category',
  'categoryname',
  'description',
  'displayname',
  'identifier',
  'token',
  'class_id',
  'classid',
  'index',
  'id',
];
const scoreNames = [
  'score',
  'probability',
  'prob',
  'confidence',
  'conf',
  'logprob',
  'logit',
  'likelihood',
  'value',
  'p',
];

/**
 * The images of one JSON document, in any of the forms that services write: rows of numbers, records with an array in a field,
 * lists of labels with scores, tensors with their shape, tables by columns or rows. Empty where there are no numbers.
 * @param isWhole whether the document is the whole file, so that it may be a table by its columns
 */
export function imagesOf(value: Json, isWhole = false): LoggedImage[] {
  if (depth > deepest) return [];
  depth++;
  try {
    return imagesIn(value, isWhole);
  } finally {
    depth--;
  }
}

/** Most documents within documents; no service nests its outputs as deep as this. */
const deepest = 40;
let depth = 0;

function imagesIn(value: Json, isWhole: boolean): LoggedImage[] {
  if (typeof value === 'string') {
    // JSON that was logged as text.
    const text = value.trim();
    if (!/^[[{]/.test(text)) return [];
    try {
      return imagesOf(JSON.parse(text) as Json);
    } catch {
      return [];
    }
  }
  if (Array.isArray(value)) return ofArray(value);
  return isObject(value) ? ofObject(value, isWhole) : [];
}

const isObject = (value: Json | undefined): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const isNumber = (value: Json): boolean => typeof value === 'number' || typeof value === 'boolean';

/** Whether a value may be a number: JSON has no NaN and no infinity, so they are written as text or null. */
const isNumeric = (value: Json): boolean =>
  isNumber(value) ||
  value === null ||
  (typeof value === 'string' && /^[+-]?(nan|inf(inity)?|[\d.][\d.eE+-]*)$/i.test(value));

const fields = (names: string[], values: (number | string | null)[]): LoggedImage => ({
  kind: 'fields',
  names,
  values,
});

const numbersOf = (values: Json[]): (number | string | null)[] =>
  values.map((value) => (typeof value === 'boolean' ? Number(value) : (value as number | string | null)));

function ofArray(values: Json[]): LoggedImage[] {
  if (values.length === 0) return [];
  const isOne = (value: Json): boolean => isNumber(value) || (typeof value === 'string' && value.includes('.'));
  if (values.length > 1 && values.some(isOne) && values.every(isNumeric)) {
    return [fields(positions('', values.length), numbersOf(values))];
  }
  const pairs = values.map((value) => (isObject(value) ? pairOf(value) : labelled(value)));
  if (pairs.every((pair) => pair !== null)) {
    const labels = pairs.map(([label]) => label);
    const [all, distinct] = [labels.length, new Set(labels).size];
    // One image has a score for each of its labels; many images, each with its best class alone, repeat labels. That a few are
    // there twice does not make many images: two classes of ImageNet are called crane.
    if (2 * distinct > all) return [{ kind: 'labels', labels, scores: pairs.map(([, score]) => score) }];
    return pairs.map(([label, score]) => ({ kind: 'labels', labels: [label], scores: [score] }));
  }
  const tensors = values.map((value) => (isObject(value) ? tensorOf(value) : null));
  if (values.length > 1 && tensors.every((tensor) => tensor !== null && tensor.length === tensors[0]!.length)) {
    return tensors[0]!.map((_, i) => joined(tensors.map((tensor) => tensor![i])));
  }
  // Many images, or one within a dimension of 1.
  return values.flatMap((value) => imagesOf(value));
}

const namesByLength = new Map<number, string[]>();

/** `name[0]`, `name[1]`, …; without a name `0`, `1`, …, one list for all images of a length, which saves memory. */
function positions(name: string, length: number): string[] {
  if (name !== '') return Array.from({ length }, (_, k) => `${name}[${k}]`);
  const known = namesByLength.get(length) ?? Array.from({ length }, (_, k) => `${k}`);
  namesByLength.set(length, known);
  return known;
}

/** The label and the score in `0.93:281:tabby`, as Triton's classification writes it, or in `["tabby", 0.93]`; else null. */
function labelled(value: Json): [string | number, number] | null {
  if (typeof value === 'string') {
    const [, score, index, label] = /^([+-]?[\d.][\d.eE+-]*):(\d+)(?::(.*))?$/.exec(value) ?? [];
    return score === undefined ? null : [label ?? Number(index), Number(score)];
  }
  if (!Array.isArray(value) || value.length < 2 || value.length > 3) return null;
  const texts = value.filter((part) => typeof part === 'string');
  const numbers = value.filter((part) => typeof part === 'number');
  // Keras' decode_predictions has an id, a name and a score.
  return texts.length >= 1 && numbers.length === 1 ? [texts[texts.length - 1] as string, numbers[0]] : null;
}

/** Which keys of the last object had its label and its score: objects of a list are alike, so that most need no search. */
let last: { keys: string; label: string; score: string } | null = null;

/** The label and the score of an object that has both; else null. */
function pairOf(object: JsonObject): [string | number, number] | null {
  const own = Object.keys(object);
  if (own.length < 2 || own.length > 12) return null;
  const keys = own.join('\n');
  if (last?.keys === keys) {
    const [label, score] = [object[last.label], object[last.score]];
    if ((typeof label === 'string' || Number.isInteger(label)) && typeof score === 'number')
      return [label as string | number, score];
  }
  const entries = Object.entries(object);
  // The best class beside a list of all classes: the list is taken.
  const isList = (value: Json): boolean =>
    Array.isArray(value) && value.length > 1 && value.every((item) => isObject(item) && pairOf(item) !== null);
  const isRow = ([name, value]: [string, Json]): boolean =>
    answers.test(name) && Array.isArray(value) && value.length > 1 && value.every((each) => typeof each === 'number');
  if (entries.some((entry) => isList(entry[1]) || isRow(entry))) return null;
  const find = (wanted: readonly string[], fits: (value: Json) => boolean): string | undefined => {
    for (const name of wanted) {
      const found = entries.find(([key, value]) => key.toLowerCase() === name && fits(value));
      if (found) return found[0];
    }
    return undefined;
  };
  const score = find(
    scoreNames,
    (value) => typeof value === 'number' || (typeof value === 'string' && +value === +value && value.trim() !== ''),
  );
  if (score === undefined) return null;
  const label = find(labelNames, (value) => typeof value === 'string' || Number.isInteger(value));
  if (label === undefined) return null;
  // Not remembered where there is a list: an object with the same keys may be no pair, by what is in the list.
  last = entries.some(([, value]) => Array.isArray(value) && value.length > 1) ? null : { keys, label, score };
  return [object[label] as string | number, Number(object[score])];
}

function ofObject(object: JsonObject, isWhole: boolean): LoggedImage[] {
  const pair = pairOf(object);
  if (pair) return [{ kind: 'labels', labels: [pair[0]], scores: [pair[1]] }];
  return tensorOf(object) ?? tableOf(object) ?? byKey(object, isWhole) ?? paired(object) ?? ofFields(object);
}

const flatten = (values: Json[]): Json[] =>
  values.some(Array.isArray) ? values.flatMap((value) => (Array.isArray(value) ? flatten(value) : value)) : values;

/** `{shape: [2, 10], data: [...]}`, as KServe and Triton write it, with flat or nested data. */
function tensorOf({ shape, data, name }: JsonObject): LoggedImage[] | null {
  if (!Array.isArray(shape) || !Array.isArray(data) || !shape.every((dim) => Number.isInteger(dim))) return null;
  const flat = flatten(data);
  const images = shape.length > 1 ? (shape[0] as number) : 1;
  const width = flat.length / images;
  if (!Number.isInteger(width)) return null;
  const called = typeof name === 'string' ? name : '';
  const rows = Array.from({ length: images }, (_, i) => flat.slice(i * width, (i + 1) * width));
  if (flat.every((value) => typeof value === 'string')) return rows.flatMap((row) => ofArray(row));
  return rows.map((row) => fields(positions(called, width), numbersOf(row)));
}

/** `{columns: […], data: [[…], …]}`: pandas' split, a table of Weights & Biases. */
function tableOf({ columns, data, rows }: JsonObject): LoggedImage[] | null {
  const lines = data ?? rows;
  if (!Array.isArray(columns) || !Array.isArray(lines) || !lines.every(Array.isArray)) return null;
  const called = columns.map((column) => (isObject(column) ? String(column.name) : String(column)));
  return (lines as Json[][]).map((line) => flattened(called.map((name, k) => [name, line[k] ?? null])));
}

const whole = /^\d+$/;

/** Objects or arrays by key: one for each image, or one for each column (pandas' columns, a dict of lists). */
function byKey(object: JsonObject, isWhole: boolean): LoggedImage[] | null {
  const entries = Object.entries(object);
  if (entries.length < 2) return null;
  const isRecord = (value: Json): boolean => isObject(value) && pairOf(value) === null && Object.keys(value).length > 1;
  if (entries.every(([, value]) => isRecord(value))) {
    const inner = Object.keys(entries[0][1] as JsonObject);
    const same = entries.every(([, value]) => inner.every((key) => Object.hasOwn(value as JsonObject, key)));
    if (!same && !entries.every(([key]) => isFileName(key) || whole.test(key))) return null;
    const byColumn = same && inner.every((key) => whole.test(key)) && !entries.every(([key]) => whole.test(key));
    if (byColumn)
      return inner.map((key) => flattened(entries.map(([name, value]) => [name, (value as JsonObject)[key] ?? null])));
    return entries.flatMap(([, value]) => imagesOf(value));
  }
  if (!entries.every(([, value]) => Array.isArray(value) && value.length > 1)) return null;
  const arrays = entries as [string, Json[]][];
  const length = arrays[0][1].length;
  if (arrays.every(([key]) => isFileName(key) || whole.test(key)))
    return arrays.flatMap(([, value]) => imagesOf(value));
  if (!isWhole) return null;
  // One array for each column: at least three, of one length, without arrays inside.
  const plain = arrays.every(([, value]) => value.every((cell) => cell === null || typeof cell !== 'object'));
  if (!plain || arrays.length < 3 || arrays.some(([, value]) => value.length !== length)) return null;
  return Array.from({ length }, (_, i) => flattened(arrays.map(([name, value]) => [name, value[i]])));
}

const isFileName = (text: string): boolean => /\.\w{2,5}$|[\\/]/.test(text);

/** An array of scores beside one of their classes, as `{label: […], prob: […]}`. */
function paired(object: JsonObject): LoggedImage[] | null {
  const arrays = Object.entries(object).filter(
    (entry): entry is [string, Json[]] => Array.isArray(entry[1]) && entry[1].length > 1,
  );
  const distinct = (values: Json[]): boolean => new Set(values).size === values.length;
  const labels = arrays.filter(([name, values]) => {
    const places =
      /(^|_)(index|indices|idx|ids?|class(es)?|labels?|class_?ids?|top_?k?_?(index|indices|labels?|classes)?)$/i;
    const isClasses = values.every((value) => Number.isInteger(value) && (value as number) >= 0) && places.test(name);
    return distinct(values) && (isClasses || values.every((value) => typeof value === 'string' && !isNumeric(value)));
  });
  const scores = arrays.filter(
    (entry) => !labels.includes(entry) && entry[1].every((value) => typeof value === 'number'),
  );
  const called = scores.length > 1 ? scores.filter(([name]) => answers.test(name)) : scores;
  if (called.length !== 1 || labels.length === 0) return null;
  const [[, values]] = called;
  const fitting = labels.filter(([, of]) => of.length === values.length);
  const best = fitting.find(([, of]) => typeof of[0] === 'number') ?? fitting[0];
  return best ? [{ kind: 'labels', labels: best[1] as (string | number)[], scores: values as number[] }] : null;
}

/** A record, or an object that wraps many of them. */
function ofFields(object: JsonObject): LoggedImage[] {
  const entries = Object.entries(object);
  const inside = entries.flatMap(([name, value]) => {
    const images = typeof value === 'object' && value !== null ? imagesOf(value) : bodyOf(name, value);
    return images.length > 0 ? [{ name, images }] : [];
  });
  const outputs = inside.filter(({ name }) => !asked.test(name));
  const some = outputs.length > 0 ? outputs : inside;
  const most = some.reduce((n, { images }) => Math.max(n, images.length), 0);
  const called = some.filter(({ name }) => answers.test(name));
  if (most > 1) {
    const many = some.filter(({ images }) => images.length === most);
    if (many.length === 1) return many[0].images;
    return merged(many);
  }
  const labels = (called.length > 0 ? called : some).find(({ images: [image] }) => image.kind === 'labels');
  if (labels) return labels.images;
  // One image: an array in a field, beside single values.
  const scalars = entries.filter(([, value]) => value === null || typeof value !== 'object') as [
    string,
    number | string | null,
  ][];
  const found = some.map(({ name, images: [image] }) => prefixed(name, image));
  const own = scalars.map(([name, value]): LoggedImage => fields([name], numbersOf([value])));
  const all = [...own, ...found];
  return all.length === 0 ? [] : [joined(all)];
}

/** The images in a field that is JSON, logged as text. */
const bodyOf = (name: string, value: Json): LoggedImage[] =>
  typeof value === 'string' && /^\s*[[{]/.test(value) && !asked.test(name) ? imagesOf(value) : [];

function prefixed(name: string, image: LoggedImage): LoggedImage {
  if (image.kind === 'labels') return image;
  const { names: own, values } = image;
  return fields(
    own.map((key) => (whole.test(key) ? `${name}[${key}]` : `${name}.${key}`)),
    values,
  );
}

function joined(images: readonly LoggedImage[]): LoggedImage {
  const labels = images.find(({ kind }) => kind === 'labels');
  if (labels) return labels;
  const parts = images as Extract<LoggedImage, { kind: 'fields' }>[];
  return parts.length === 1
    ? parts[0]
    : fields(
        parts.flatMap((part) => part.names),
        parts.flatMap(({ values }) => values),
      );
}

/** Several outputs of the same images, side by side: `{scores: [[…]], classes: [[…]]}`. */
const merged = (parts: readonly { name: string; images: LoggedImage[] }[]): LoggedImage[] =>
  parts[0].images.map((_, i) => joined(parts.map(({ name, images }) => prefixed(name, images[i]))));

/** A record whose cells may be arrays. */
function flattened(entries: readonly [string, Json][]): LoggedImage {
  const parts = entries.map(([name, value]): LoggedImage => {
    if (value === null || typeof value !== 'object') return fields([name], numbersOf([value]));
    const [image] = imagesOf(value);
    return image ? prefixed(name, image) : fields([name], [null]);
  });
  return joined(parts);
}
