import type { Around } from './around.js';
import { areIds } from './id-words.js';
import { idOf, isIdName, type RowIds } from './row-ids.js';
import { groupsBy, inOrder, isAnswerName, mostGroups, type RowGroups } from './row-groups.js';

/** Objects within objects that are looked into. */
const deepest = 5;

type Value = string | number | null;

/** What the records of a log say of their rows beside outputs: what names them, and what may say which model answered. */
export class RowFields {
  #rows = 0;
  readonly #ids = new Map<string, Value[]>();
  /** Words beside the records, by their places. */
  readonly #words = new Map<string, Value[]>();
  /** Null from the first row on with which a field has too many values. */
  readonly #groups = new Map<string, { of: Value[]; values: Set<Value> } | null>();
  readonly #isId = new Map<string, boolean>();

  /**
   * Adds a row.
   * @param raw its record; null where that is not known
   * @param around what the text beside it says
   */
  add(raw: unknown, around?: Around): void {
    if (around) {
      this.#look(around.fields, '', 0);
      for (const [names, word] of around.words) for (const name of names) this.#word(name, word);
    }
    if (isObject(raw)) this.#look(raw, '', 0);
    this.#rows++;
  }

  #word(name: string, word: string): void {
    const of = this.#words.get(name) ?? [];
    this.#words.set(name, of);
    fill(of, this.#rows);
    // Of two words of one name the first counts.
    of[this.#rows] ??= idOf(/^\d+$/.test(word) ? Number(word) : word);
  }

  #look(object: object, before: string, depth: number): void {
    for (const [name, value] of Object.entries(object) as [string, unknown][]) {
      const path = `${before}${name}`;
      if (isObject(value)) {
        if (depth < deepest) this.#look(value, `${path}.`, depth + 1);
      } else if (typeof value === 'string' && /^\s*\{\s*"/.test(value)) {
        const inner = parsed(value);
        if (isObject(inner) && depth < deepest) this.#look(inner, `${path}.`, depth + 1);
      } else if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') {
        this.#take(path, typeof value === 'boolean' ? String(value) : value);
      }
    }
  }

  #take(path: string, value: string | number): void {
    let isId = this.#isId.get(path);
    if (isId === undefined) this.#isId.set(path, (isId = isIdPath(path)));
    if (isId) {
      const id = idOf(value);
      if (id === null) return;
      const of = this.#ids.get(path) ?? [];
      this.#ids.set(path, of);
      fill(of, this.#rows);
      of[this.#rows] = id;
      return;
    }
    let group = this.#groups.get(path);
    if (group === null) return;
    if (group === undefined) group = isAnswerName(path) ? null : { of: [], values: new Set() };
    if (typeof value === 'number' && !Number.isInteger(value)) group = null;
    group?.values.add(value);
    if (group && group.values.size > mostGroups) group = null;
    this.#groups.set(path, group);
    if (!group) return;
    fill(group.of, this.#rows);
    group.of[this.#rows] = value;
  }

  ids(): RowIds[] {
    const fields = [...this.#ids].map(([column, of]) => ({ column, of: fill(of, this.#rows) }));
    const words = [...this.#words].flatMap(([column, of]): RowIds[] =>
      !this.#ids.has(column) && areIds(fill(of, this.#rows)) ? [{ column, of }] : [],
    );
    // Where all lines have as many words, a place from the start is one from the end.
    const twice = words.filter(({ of }, i) =>
      words.slice(0, i).some((other) => other.of.every((id, k) => id === of[k])),
    );
    return [...fields, ...words.filter((each) => !twice.includes(each))];
  }

  groups(): RowGroups[] {
    return inOrder(
      [...this.#groups].flatMap(([column, group]) => (group && groupsBy(column, fill(group.of, this.#rows))) ?? []),
    );
  }
}

/** Whether a field within objects is called as one that tells requests apart: `request.id`, and not `request.method`. */
function isIdPath(path: string): boolean {
  const parts = path.split('.');
  return isIdName(parts[parts.length - 1]) && (parts.length === 1 || isIdName(parts.slice(-2).join('.')));
}

const isObject = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return null;
  }
}

function fill(of: Value[], length: number): Value[] {
  while (of.length < length) of.push(null);
  return of;
}
