import { dot, multiply, type Matrix } from '../linalg/index.js';
import { aboveNeededOf, checkFacet, zerosOf, type FacetCertificate } from './certificate.js';
import { unitDirection } from './facet.js';
import { leaveOpen } from './fixing.js';
import { linesAmong } from './lines.js';
import { distinctRows } from './near-copies.js';
import type { Ridges } from './ridges.js';
import { independentOf } from './rivals.js';
import type { Search } from './search.js';

/** A function of a group that is not proven by itself. */
export interface Partner {
  a: Float64Array;
  group: number;
  certificate: FacetCertificate;
}

/** Which functions are known as groups alone. */
export interface Groups {
  /** For each function found its group, or null. */
  groupOf: (number | null)[];
  /** What completes the groups and is not proven by itself. */
  partners: Partner[];
}

/**
 * Functions that vanish on the same rows as another. Of a proven function with an open ridge the other edge of the pencil
 * is its partner; of two that are zero on the same rows alone (features under one gate) neither is proven.
 */
export async function groupsOf(search: Search, ridges: Ridges): Promise<Groups> {
  const groupOf = search.found.map((): number | null => null);
  const partners: Partner[] = [];
  let next = 0;
  for (const [i, { partners: open }] of ridges.of.entries()) {
    for (const a of open) {
      const direction = unitDirection(a);
      const same = partners.find((other) => Math.abs(dot(unitDirection(other.a), direction)) > 1 - 1e-6);
      const group = same?.group ?? groupOf[i] ?? next++;
      const before = groupOf[i];
      if (before !== null && before !== group) {
        // Two groups meet in this function: one group.
        groupOf.forEach((of, j) => of === before && (groupOf[j] = group));
        for (const partner of partners) if (partner.group === before) partner.group = group;
      }
      groupOf[i] = group;
      if (!same) partners.push({ a, group, certificate: await withoutProof(search, a) });
    }
  }
  const pairs = await pairsOf(search);
  // More of them than directions are no features, whatever each shows by itself.
  const all = [
    ...search.found.map(({ a }) => a),
    ...partners.map(({ a }) => a),
    ...pairs.flatMap(({ edges }) => edges),
  ];
  const free = independentOf(all).slice(all.length - 2 * pairs.length);
  for (const [i, { edges, certificate }] of pairs.entries()) {
    if (!free[2 * i] || !free[2 * i + 1]) continue;
    const group = next++;
    for (const a of edges) partners.push({ a, group, certificate });
  }
  return { groupOf, partners };
}

async function withoutProof({ rows, noise }: Search, a: Float64Array): Promise<FacetCertificate> {
  return { ...(await checkFacet(rows, noise, a)).certificate, holds: false };
}

/**
 * Pairs of functions met in the search: never negative, zero on the same rows, and neither proven by rows of its own.
 */
async function pairsOf({ rows, noise, opened, directions }: Search) {
  const r = rows.cols - 1;
  const withOne = new Float64Array(r + 1);
  withOne.set(noise);
  const pairs: { edges: Float64Array[]; certificate: FacetCertificate }[] = [];
  const spans: Matrix[] = [];
  for (const open of opened) {
    if (open.rows !== 2 || spans.some((other) => sameSpan(other, open))) continue;
    spans.push(open);
    if (directions.some((direction) => inSpan(open, direction))) continue;
    const { edges, above } = edgesOf(open, (await multiply(rows, open, 'nt')).data);
    if (!edges || above < aboveNeededOf(r)) continue;
    const both = edges[0].map((value, j) => value + edges[1][j]);
    const { certificate } = await checkFacet(rows, noise, both);
    if (certificate.negatives > 0 || certificate.zeros < certificate.zerosNeeded) continue;
    const common = distinctRows(rows, await zerosOf(rows, noise, both));
    if (!(await leaveOpen(common, 2))) continue;
    const { rows: seen, lines } = linesAmong(common, withOne, 400);
    if (lines < certificate.zerosNeeded) continue;
    const counted = lines === seen.length ? common.rows : lines;
    pairs.push({ edges, certificate: { ...certificate, directions: counted, above, holds: true } });
  }
  return pairs;
}

/** Among functions u + v of two, the two edges of those that are never negative; null where none is. */
function edgesOf(open: Matrix, values: Float64Array): { edges: Float64Array[] | null; above: number } {
  const cut = 1e-4;
  const angles: number[] = [];
  let [x, y] = [0, 0];
  for (let i = 0; i < values.length; i += 2) {
    const size = Math.hypot(values[i], values[i + 1]);
    if (size < cut) continue;
    x += values[i] / size;
    y += values[i + 1] / size;
    angles.push(Math.atan2(values[i + 1], values[i]));
  }
  const middle = Math.atan2(y, x);
  let [least, most] = [0, 0];
  for (const angle of angles) {
    let turn = angle - middle;
    if (turn > Math.PI) turn -= 2 * Math.PI;
    if (turn < -Math.PI) turn += 2 * Math.PI;
    least = Math.min(least, turn);
    most = Math.max(most, turn);
  }
  if (angles.length === 0 || most - least >= Math.PI - 1e-3) return { edges: null, above: angles.length };
  const of = (angle: number): Float64Array => {
    const [c, s] = [Math.cos(angle), Math.sin(angle)];
    return Float64Array.from({ length: open.cols }, (_, j) => c * open.data[j] + s * open.data[open.cols + j]);
  };
  // Zero on the last row at one end, positive on the others.
  return { edges: [of(middle + least + Math.PI / 2), of(middle + most - Math.PI / 2)], above: angles.length };
}

/** Whether a unit direction lies in what the rows of an open space span. */
function inSpan(open: Matrix, direction: Float64Array): boolean {
  const basis = [0, 1].map((k) => unitDirection(open.data.subarray(k * open.cols, (k + 1) * open.cols)));
  const c = dot(basis[0], basis[1]);
  const [a, b] = [dot(basis[0], direction), dot(basis[1], direction)];
  return (a * a + b * b - 2 * a * b * c) / Math.max(1 - c * c, 1e-12) > 1 - 1e-5;
}

const sameSpan = (a: Matrix, b: Matrix): boolean =>
  [0, 1].every((k) => inSpan(a, unitDirection(b.data.subarray(k * b.cols, (k + 1) * b.cols))));
