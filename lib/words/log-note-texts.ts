/** The sentences on what was taken of a file of outputs. */
import { count, option, withOptions } from '../base/index.js';
import type {
  DoubtfulColumn,
  InFile,
  LabelColumns,
  LeftOutColumn,
  LogNote,
  NotAnOutput,
  RowStatistic,
  Whole,
} from './log-notes.js';
import { some } from './some.js';

/** One note, in a sentence or two, for whoever types a command. */
export const logNoteInWords = (note: LogNote): string => withOptions(textOf(note), (_, flag) => flag);

/** The same for whoever calls the library. */
export const logNoteForCallers = (note: LogNote): string => withOptions(textOf(note), (property) => property);

function textOf(note: LogNote): string {
  switch (note.kind) {
    case 'columns':
      return columns(note);
    case 'columns-in-doubt':
      return inDoubt(note);
    case 'json-column':
      return `Took the JSON in the column ${named(note.column)}.`;
    case 'line-a-class':
      return `A line is one class of an image: ${count(note.images)} images, told apart by ${note.by === null ? 'the places, which begin again with each' : named(note.by)}; classes in ${named(note.label)}, scores in ${named(note.score)}.`;
    case 'labelled': {
      const { labelColumns, classes, first, last, oneOrder } = note;
      return `Took ${scores(labelColumns)} of ${count(classes)} classes by their labels (${first} to ${last})${oneOrder ? '' : ', whose order changes from row to row'}.`;
    }
    case 'best-classes':
      return bestClasses(note);
    case 'labels-twice':
      return labelsTwice(note);
    case 'classes-together':
      return `Not all of its classes are those of ${note.than}: aligned by their names, ${count(note.classes)} in all; those that a log never names stand as the others do that it does not show.`;
    case 'log-scores':
      return 'The scores are logarithms of probabilities: their exponentials were taken.';
    case 'rows-without-classes': {
      const { rows } = note;
      return `Left out ${count(rows.length)} ${rows.length === 1 ? 'row that lacks' : 'rows that lack'} some of the classes (${within(rows, note.files)}, counted from 1).`;
    }
    case 'records-without-numbers':
      return `Left out ${records(note.records, note.files)} without numbers.`;
    case 'lines-without-scores': {
      const { lines } = note;
      return `Left out ${count(lines.length)} ${lines.length === 1 ? 'line' : 'lines'} without any score (${within(lines, note.files)}, counted from 1).`;
    }
    case 'bad-lines': {
      const { lines, files, cutShort } = note;
      const left = `Left out ${count(lines.length)} bad ${lines.length === 1 ? 'line' : 'lines'} (${files ? within(lines, files) : some(lines, 10)}, counted from 1).`;
      return cutShort ? `${left} The file is cut short: it ends within its last line.` : left;
    }
    case 'records-without-labels':
      return `Left out ${records(note.records, note.files)} without labels.`;
    case 'common-fields':
      return `Left out ${few(note.fields)}, which every record has.`;
    case 'header-repeated':
      return `The header is repeated in line ${within(note.lines, note.files)}: left out there.`;
    case 'header-numbered':
      return `Line ${note.line} is taken for a header: it numbers the columns.`;
    case 'other-names':
      return `Its columns have other names than those of ${note.than}: taken in their order.`;
    case 'alike-names':
      return `Its columns are matched with those of ${note.than} by name, though they are written otherwise: ‘${note.one}’ is taken for ‘${note.other}’.`;
    case 'other-order':
      return `Its columns are in another order than those of ${note.than}: put in that order by name.`;
    case 'files':
      return `Took ${note.files} files of the folder, ${note.first} to ${note.last}.`;
    case 'shards':
      return `Took ${count(note.shards)} shards of the folder, ${note.first} to ${note.last}.`;
    case 'text':
      return note.text;
  }
}

type Of<Kind extends LogNote['kind']> = Extract<LogNote, { kind: Kind }>;

const few = (values: readonly (number | string)[]): string => some(values, 6);

/** Most files whose numbers are named. */
const mostFiles = 4;

/** `10, 61, 112`, or of several files `2 in a.csv: 10, 61; 1 in b.csv: 112`. */
function within(numbers: readonly number[], files?: readonly InFile[]): string {
  if (!files) return few(numbers);
  const each: string[] = [];
  let from = 0;
  for (const { file, many } of files) {
    each.push(`${count(many)} in ${file}: ${some(numbers.slice(from, from + many), 4)}`);
    from += many;
  }
  const rest = each.length - mostFiles;
  return (
    each.slice(0, mostFiles).join('; ') + (rest > 0 ? `; and in ${rest} more ${rest === 1 ? 'file' : 'files'}` : '')
  );
}

/** `1 record (number 301)`, counted from 1. */
const records = (numbers: readonly number[], files?: readonly InFile[]): string =>
  numbers.length === 1
    ? `1 record (number ${within(numbers, files)})`
    : `${count(numbers.length)} records (numbers ${within(numbers, files)})`;

const named = (column: string): string => column || '(no name)';

const scores = (labelColumns: LabelColumns): string =>
  labelColumns ? `the scores with their classes (${labelColumns[0]} to ${labelColumns[1]})` : 'the scores';

function bestClasses({ labelColumns, shown: [least, most], classes, others }: Of<'best-classes'>): string {
  const shown = least === most ? count(most) : `${count(least)} to ${count(most)}`;
  const value = others === 'zero' ? '0' : 'the least that is shown';
  return `Took ${scores(labelColumns)} of ${shown} of at least ${count(classes)} classes a row, by their labels: only the best are in the file. The others count as ${value}.`;
}

function labelsTwice({ labels, mixed }: Of<'labels-twice'>): string {
  const called = `Two classes${labels.length > 1 ? ' each' : ''} are called ${few(labels)}`;
  return mixed
    ? `${called}: which score is of which does not show. The smaller one of a row is called ‘${labels[0]} (2)’. What is said of the layer leaves both out. Numbers of the classes would tell them apart.`
    : `${called}: told apart by their places, the second is called ‘${labels[0]} (2)’.`;
}

/** Most reasons in the sentence, which has to fit on two lines. */
const mostReasons = 6;

/** What was taken, and what was left out for which reason. */
function columns({ columns: kept, first, last, leftOut }: Of<'columns'>): string {
  const taken = `Took ${kept} column${kept === 1 ? '' : 's'} as outputs (${named(first)} to ${named(last)})`;
  const reasons = byReason(leftOut);
  const shown = reasons.slice(0, mostReasons).map(([why, names]) => `${some(names, 4)} (${why})`);
  const rest = reasons.slice(mostReasons).flatMap(([, names]) => names).length;
  const left = rest > 0 ? [...shown, `${rest} more`] : shown;
  return `${taken}${left.length > 0 ? `; left out ${left.join(', ')}` : ''}.`;
}

const doubts: Record<DoubtfulColumn['why'], string> = {
  size: 'many times larger than the others',
  name: 'outputs are seldom called so',
  'other-name': 'the others are numbered',
  'no-label': 'no row has this label',
};

function inDoubt({ columns: all, asks }: Of<'columns-in-doubt'>): string {
  const reasons = new Map<string, string[]>();
  for (const { name, why } of all) reasons.set(doubts[why], [...(reasons.get(doubts[why]) ?? []), named(name)]);
  const each = [...reasons].map(([why, names]) => `${some(names, 4)} (${why})`).join(', ');
  const cure = asks
    ? `Name the columns of outputs (${option('columns')}: FIRST..LAST or one by one).`
    : 'Give a file of the outputs alone.';
  return `It does not show whether ${all.length === 1 ? 'this column is an output' : 'these columns are outputs'}: ${each}. What is said of the outputs counts ${all.length === 1 ? 'it' : 'them'} in. ${cure}`;
}

function byReason(leftOut: readonly LeftOutColumn[]): [why: string, names: string[]][] {
  const reasons = new Map<string, string[]>();
  for (const { name, why } of leftOut) {
    const said = reason(why);
    reasons.set(said, [...(reasons.get(said) ?? []), named(name)]);
  }
  return [...reasons];
}

/** Why a column is not an output, as it stands in brackets behind its name. */
function reason(why: NotAnOutput): string {
  switch (why.kind) {
    case 'empty':
      return 'empty';
    case 'text':
      return 'text';
    case 'whole-numbers':
      return 'whole numbers beside fractions';
    case 'sorted':
      return 'scores sorted from the largest';
    case 'softmax':
      return 'the same outputs after a softmax';
    case 'always-zero':
      return '0 in every row';
    case 'constant':
      return 'the same in every row';
    case 'copy':
      return `a copy of ${why.of}`;
    case 'arg-max':
      return 'which of the others is the largest';
    case 'statistic':
      return statistics[why.statistic];
    case 'whole-without':
      return `${wholes[why.whole]} without it`;
    case 'outside-span':
      return 'no linear function of the others, which are of one another';
    case 'not-named':
      return 'not named as outputs';
    case 'other-size':
      return 'more than a thousand times larger than the others';
    case 'monotone':
      return 'it only rises or falls';
    case 'name':
      return `by its name${why.neverNegative ? ', and it has no values below 0' : ''}`;
  }
}

const wholes: Record<Whole, string> = {
  one: 'the others sum to 1',
  hundred: 'the others sum to 100',
  logarithms: 'the others are whole',
};

const statistics: Record<RowStatistic, string> = {
  largest: 'the largest of the others',
  'second-largest': 'the second largest of the others',
  smallest: 'the smallest of the others',
  sum: 'the sum of the others',
  mean: 'the mean of the others',
  margin: 'the largest less the second largest of the others',
  'largest-probability': 'the largest probability',
  'second-largest-probability': 'the second largest probability',
  'largest-percentage': 'the largest probability in percent',
  'least-confidence': 'one less the largest probability',
  'probability-margin': 'the largest probability less the second largest',
  'log-probability': 'the logarithm of the largest probability',
  'negative-log-probability': 'its negative logarithm of the largest probability',
  entropy: 'the entropy of the others',
  'entropy-in-bits': 'the entropy of the others in bits',
  'normalised-entropy': 'the entropy of the others, of 1 at most',
  'log-sum-exp': 'the log-sum-exp of the others',
  energy: 'the energy of the others',
};
