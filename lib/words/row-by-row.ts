/** Two logs of the same requests, compared row by row: the sentences. */
import { count } from '../base/index.js';
import { some } from './some.js';

/** The rows that two logs have in common, answer by answer. Plain: serialises to JSON. */
export interface RowByRow {
  /** The column that pairs them. */
  column: string;
  /** What the second file calls it. Absent where that is the same. */
  otherColumn?: string;
  /** Ids that name rows of different outputs in either file, and were left out. Absent where there are none. */
  repeated?: readonly [number, number];
  /** Pairs of rows. */
  rows: number;
  /** Pairs whose largest output is that of one class. */
  sameTop: number;
  /**
   * How much more often the top class is the same than by chance, of what chance leaves (Cohen's kappa): near 0 where an id does not
   * name the same request in both, as where each log counts its own. Null where one class is the top class in nearly all rows.
   */
  kappa: number | null;
  /**
   * What chance gives where the ids of one log are dealt out anew: so many pairs with the same top class, and (at most) how likely it is
   * to have as many as here, or more.
   */
  byChance: { sameTop: number; likelihood: number };
  /** Pairs with the same numbers, as far as both are written, or with the same score of the label; null where the two have other units, or labels no scores. */
  sameNumbers: number | null;
  /** Present where a log lists the best classes alone: numbers are those of classes that both list. */
  cut?: true;
  /** Present where a log has the best class alone. */
  labels?: true;
  /** Columns of scores beside labels that were not compared. Absent where there are none. */
  uncompared?: readonly string[];
}

/** Less likely than this, agreement is no chance: an id names the same request in both. */
const noChance = 1e-3;
/** From this agreement beyond chance on nobody asks for chance. */
const plain = 0.5;
/** Below it agreement is no chance, but so little that requests of one kind, in one order in both logs, would give it. */
const little = 0.1;

/** The rows that two logs have in common, in words. */
export function rowByRowInWords(found: RowByRow): string {
  const { repeated } = found;
  const only = found.labels ? ` ${labelsOnly}` : '';
  const left = repeated ? ` ${repeatedInWords(found.column, repeated)}: these were left out.` : '';
  return compared(found) + uncomparedInWords(found.uncompared) + left + only;
}

function uncomparedInWords(columns: readonly string[] = []): string {
  if (columns.length === 0) return '';
  return ` The numbers of ${quoted(columns)} were not compared: both files need one column ‘score’, in one unit.`;
}

const labelsOnly =
  'A log of labels tells nothing else: neither how wide a layer is, nor whether one last layer made both files.';

function compared({ column, otherColumn, rows, sameTop, kappa, byChance, sameNumbers, cut, labels }: RowByRow): string {
  const called = otherColumn === undefined ? `‘${column}’` : `‘${column}’ and ‘${otherColumn}’`;
  const paired = `Row by row (paired by ${called}, which ${count(rows)} ${rows === 1 ? 'row' : 'rows'} of both have)`;
  const tops = rows - sameTop;
  const top = tops === 0 ? 'all have the same top class' : `${count(tops)} of ${count(rows)} have another top class`;
  const numbers = sameNumbers === null ? null : rows - sameNumbers;
  if (numbers === 0 && tops === 0) {
    return `${paired}: all have the same top class and the same ${labels ? 'score' : 'numbers'}, as far as ${cut ? 'both files list and round them' : 'the files are rounded'}. By these ${labels ? 'labels and scores' : 'rows'} nothing tells the two apart.`;
  }
  const others = labels
    ? numbers === null
      ? top
      : `${top}, and ${numbers === 0 ? 'none has' : `${count(numbers)} ${numbers === 1 ? 'has' : 'have'}`} another score, rounding aside`
    : numbers === null
      ? `${top}. Their numbers are not in one unit, and were not compared`
      : `${top}, and ${numbers === 0 ? 'none has' : `${count(numbers)} have`} other numbers, rounding aside`;
  // All numbers of other requests are hardly ever the same; one score often is.
  const isNoChance = byChance.likelihood < noChance || (!labels && numbers !== null && 2 * numbers < rows);
  const chance = `By chance about ${share(byChance.sameTop)} would have the same top class`;
  if (!isNoChance) {
    return kappa === null || kappa >= plain
      ? `${paired}: ${others}. ${chance}: by so few rows, or rows so much of one class, it does not show whether ‘${column}’ names the same requests in both.`
      : `${paired}: ${others}. ${chance}, and hardly more have. Either ‘${column}’ does not name the same requests in both, as where each log counts its own, or the models have little in common: which of them does not show.`;
  }
  if (labels && numbers === null && tops === 0)
    return `${paired}: ${others}. By these labels nothing tells the two apart.`;
  if (numbers === null && tops === 0) return `${paired}: ${others}.`;
  const answers =
    'The same requests got other answers: another model made them, or one that was given its images in another way.';
  if (kappa === null || kappa >= plain) return `${paired}: ${others}. ${answers}`;
  return kappa < little
    ? `${paired}: ${others}. ${chance}: ${count(sameTop)} is more, but little. If ‘${column}’ names the same requests in both, another model answered them; logs that each count their own may agree as much where requests of one kind come in one order.`
    : `${paired}: ${others}. ${chance}: ${count(sameTop)} is no chance. ${answers}`;
}

const share = (expected: number): string =>
  expected < 10 ? `${Number(expected.toPrecision(2))}` : count(Math.round(expected));

/** Why rows of two logs were not compared: what there is of columns that name their requests. */
export type IdsFound =
  /** Columns of ids of the first file and of the second, none of which is the other's. */
  | { kind: 'no-ids'; columns: readonly [readonly string[], readonly string[]] }
  /** Both have the column, and no id is in both. */
  | { kind: 'none-in-both'; columns: readonly [string, string] }
  /** The labels of the first file and of the second, such as these, have none in common. */
  | { kind: 'other-labels'; examples: readonly [readonly string[], readonly string[]] }
  /** All ids in both name rows of different outputs, so many in the first and in the second. */
  | { kind: 'all-repeated'; columns: readonly [string, string]; repeated: readonly [number, number] };

const files = ['first', 'second'] as const;

/** What would answer whether two logs are of one model, where their rows could not be paired. */
export function idsFoundInWords(found: IdsFound): string {
  switch (found.kind) {
    case 'none-in-both':
      return `The rows were not compared one by one: ${both(found.columns)}, but none of its values is in both.`;
    case 'other-labels':
      return `The labels were not compared: the first file has ${quoted(found.examples[0])} and others, the second ${quoted(found.examples[1])} and others, and none is in both. Give both the same names of classes.`;
    case 'all-repeated':
      return `The rows were not compared one by one: ${repeatedInWords(found.columns[0], found.repeated)}, and no other request is in both.`;
    case 'no-ids': {
      const which = found.columns.findIndex((columns) => columns.length > 0);
      const has =
        which < 0
          ? ''
          : found.columns.every((columns) => columns.length > 0)
            ? ` The first has ${quoted(found.columns[0])}, the second ${quoted(found.columns[1])}, which are not of one name and have no value in common.`
            : ` The ${files[which]} has ${quoted(found.columns[which])}, the ${files[1 - which]} none that was found.`;
      return `If both files had a column ‘id’ that names the same requests, each once, they would be compared row by row.${has}`;
    }
  }
}

const quoted = (columns: readonly string[]): string =>
  some(
    columns.map((column) => `‘${column}’`),
    3,
  );

const both = ([one, other]: readonly [string, string]): string =>
  one === other ? `both files have ‘${one}’` : `the first file has ‘${one}’ and the second ‘${other}’`;

/** `‘id’ names 38 requests more than once with different outputs in the first file`. */
function repeatedInWords(column: string, repeated: readonly [number, number]): string {
  const [one, other] = repeated;
  const times = (requests: number): string => `${count(requests)} ${requests === 1 ? 'request' : 'requests'}`;
  const where =
    one > 0 && other > 0
      ? `${times(one)} of the first file and ${times(other)} of the second`
      : `${times(one || other)} of the ${one > 0 ? 'first' : 'second'} file`;
  return `‘${column}’ names ${where} more than once, with different outputs`;
}
