/**
 * Checks a value against the part of JSON Schema that assets/results.schema.json is written in.
 * @returns what is wrong first, as `rows[3].agreement: expected number or null, found "high"`; null where nothing is
 */
export function mismatch(value: unknown, schema: Schema, path = '', root = schema): string | null {
  if (schema.$ref !== undefined) return mismatch(value, referenced(root, schema.$ref), path, root);
  const wrong = (expected: string): string => `${path || 'the file'}: expected ${expected}, found ${brief(value)}`;
  if (schema.oneOf) {
    const kinds = kindsOf(schema.oneOf);
    if (kinds && typeof value === 'object' && value !== null && Object.hasOwn(value, 'kind')) {
      const { kind } = value as { kind: unknown };
      const meant = kinds.indexOf(kind);
      if (meant >= 0) return mismatch(value, schema.oneOf[meant], path, root);
      const known = kinds.map((each) => JSON.stringify(each)).join(', ');
      return `${path === '' ? '' : `${path}.`}kind: expected one of ${known}, found ${brief(kind)}`;
    }
    const tries = schema.oneOf.map((option) => mismatch(value, option, path, root));
    if (tries.includes(null)) return null;
    // The option that the value was meant to be is the one that is wrong furthest inside.
    const depth = (text: string | null): number => text!.split(': ', 1)[0].length;
    return tries.reduce((a, b) => (depth(b) > depth(a) ? b : a));
  }
  if ('const' in schema && value !== schema.const) return wrong(JSON.stringify(schema.const));
  if (schema.enum && !schema.enum.includes(value))
    return wrong(schema.enum.map((each) => JSON.stringify(each)).join(' or '));
  const types = schema.type === undefined ? [] : [schema.type].flat();
  if (types.length > 0 && !types.some((type) => isOf(value, type))) return wrong(types.join(' or '));
  if (typeof value === 'number') {
    if (schema.minimum !== undefined && value < schema.minimum) return wrong(`at least ${schema.minimum}`);
    if (schema.maximum !== undefined && value > schema.maximum) return wrong(`at most ${schema.maximum}`);
  }
  if (typeof value === 'string') {
    const { maxLength = Infinity, pattern } = schema;
    if (value.length > maxLength) return wrong(`at most ${maxLength} characters`);
    if (pattern !== undefined && !new RegExp(pattern, 'u').test(value)) return wrong(`text that matches ${pattern}`);
  }
  if (Array.isArray(value)) return listMismatch(value, schema, path, root);
  if (typeof value === 'object' && value !== null)
    return objectMismatch(value as Record<string, unknown>, schema, path, root);
  return null;
}

/** The keywords that are understood; all others are for people. */
export interface Schema {
  $ref?: string;
  definitions?: Record<string, Schema>;
  type?: string | string[];
  const?: unknown;
  enum?: unknown[];
  oneOf?: Schema[];
  properties?: Record<string, Schema>;
  required?: string[];
  additionalProperties?: boolean | Schema;
  items?: Schema;
  minItems?: number;
  maxItems?: number;
  minimum?: number;
  maximum?: number;
  maxLength?: number;
  pattern?: string;
}

/** The kinds of options that are told apart by their `kind`; null for others. */
function kindsOf(options: readonly Schema[]): unknown[] | null {
  const kinds = options.map(({ properties }) => properties?.kind?.const);
  return kinds.every((kind) => typeof kind === 'string') ? kinds : null;
}

/** `#/definitions/NAME`. */
function referenced({ definitions = {} }: Schema, ref: string): Schema {
  return definitions[ref.replace('#/definitions/', '')];
}

function listMismatch(value: readonly unknown[], schema: Schema, path: string, root: Schema): string | null {
  const { minItems = 0, maxItems = Infinity, items } = schema;
  if (value.length < minItems || value.length > maxItems) {
    return `${path}: expected ${minItems === maxItems ? minItems : `${minItems} to ${maxItems}`} items, found ${value.length}`;
  }
  if (!items) return null;
  for (const [i, item] of value.entries()) {
    const found = mismatch(item, items, `${path}[${i}]`, root);
    if (found) return found;
  }
  return null;
}

function objectMismatch(value: Record<string, unknown>, schema: Schema, path: string, root: Schema): string | null {
  const { properties = {}, required = [], additionalProperties = true } = schema;
  const at = (key: string): string => (path === '' ? key : `${path}.${key}`);
  const missing = required.find((key) => !Object.hasOwn(value, key));
  if (missing !== undefined) return `${at(missing)}: expected it to be there, found nothing`;
  for (const [key, item] of Object.entries(value)) {
    const known = Object.hasOwn(properties, key) ? properties[key] : additionalProperties;
    if (known === false) return `${at(brief(key).slice(1, -1))}: expected no such field`;
    const found = known === true ? null : mismatch(item, known, at(key), root);
    if (found) return found;
  }
  return null;
}

function isOf(value: unknown, type: string): boolean {
  if (type === 'null') return value === null;
  if (type === 'array') return Array.isArray(value);
  if (type === 'object') return typeof value === 'object' && value !== null && !Array.isArray(value);
  if (type === 'integer') return Number.isInteger(value);
  return typeof value === type;
}

function brief(value: unknown): string {
  const text = JSON.stringify(value) ?? 'nothing';
  return text.length > 40 ? `${text.slice(0, 39)}…` : text;
}
