import type { TaskOptions } from '../base/index.js';
import { matrix, vectorsOf, type Matrix } from '../linalg/index.js';
import type { FacetCertificate } from './certificate.js';
import { Crew } from './crew.js';
import { makeEnding, type Ending } from './ending.js';
import { unitDirection } from './facet.js';
import { groupsOf, type Partner } from './groups.js';
import { independentComponents } from './ica.js';
import { areMixed } from './mixed.js';
import { throughRidges, type RidgeReport } from './ridges.js';
import { rivals } from './rivals.js';
import { complement, Search, withOnes } from './search.js';
import type { Whitened } from './whiten.js';

export interface RectifiedOptions extends TaskOptions {
  /** Seeds the starts. Default 0. */
  seed?: number;
  /** Most rounds of starts. Default 10. */
  rounds?: number;
  /** Most starts of a round; default all that there are. */
  starts?: number;
  /** Stops as soon as so many functions are found. Default: none. */
  enough?: number;
  /** Functions whose ridges are looked at; the others are not tested. Default: all. */
  most?: number;
  /** Threads that the starts are shared out to. Default: the cores, four at most. The result does not depend on them. */
  threads?: number;
  /** Ends the work between two steps with what is certified so far, where `signal` gives all of it up. */
  finish?: Ending;
  /** Ends the search alone, so that time is left for what was found to be tested. Default: `finish`. */
  finishSearch?: Ending;
}

/** What a recovered function is known as. */
export type CertifiedAs = 'itself' | 'group' | 'function';

/** How a test came out; one for which these rows are too few was not made. */
export type TestResult = 'passed' | 'failed' | 'not tested';

/** One recovered function: what is proven of it, and what it passed beyond that. Plain: serialises to JSON. */
export interface FunctionCertificate extends FacetCertificate {
  /**
   * A feature `itself`, up to scale, where all tests passed (where it has no ridge to test, those of the others closed);
   * one of a `group`, of which only the span is known; or a `function` that is proven but may be no feature.
   */
  certifiedAs: CertifiedAs;
  /** Which group, from 0; absent where it is of none. */
  group?: number;
  tests: {
    /** Its mirror image, which is zero wherever this is not, does not pass as a feature as well. */
    mirror: TestResult;
    /**
     * It has no part in a linear dependence: there are not more such functions than directions. Not tested where rows are
     * mixtures of others, whose cloud has more facets than directions, and the search did not find as many.
     */
    independence: TestResult;
    /**
     * Every ridge that was found on its zero rows leads to another function that rows fix. Not tested where there is none, or
     * fewer than six while another function has an open one.
     */
    ridges: TestResult;
  };
  /** Ridges that were looked at. */
  ridges: RidgeReport;
}

export interface RectifiedFit {
  /**
   * Functions (k, r + 1) over (h, 1), standard deviation 1: features themselves, then groups, then others; within each
   * those with the most zeros first.
   */
  facets: Matrix;
  /** One a function, in the same order. */
  certificates: FunctionCertificate[];
  /** How many are known as what. */
  certifiedAs: Record<CertifiedAs, number>;
  /** Functions in each group. */
  groups: number[];
  /** Descents made. */
  starts: number;
  /** Whether every ridge of every function led to one that was found: nothing is left to look for from these. */
  closed: boolean;
  /** Whether `finish` ended the search before it was through. */
  cut: boolean;
}

/** Fewest distinct rows: a feature must be zero on 1.5 r of them, and is on for most images. */
export const rectifiedRowsNeeded = (r: number): number => 10 * r;

/** Ridges of a function that are enough where another one has an open ridge; in few features, all. */
const enoughRidges = 6;

/** Starts after which the first round is given up if none of them led to a feature. */
const hopeless = 24;

/** Fewest starts of a round after one without anything new: random ones are added where few directions are left. */
const fewest = 16;

/** Rounds in a row without anything new after which the search is over. */
const patience = 2;

/**
 * The cosine with a function found before above which a descent is given up, as long as rounds find new ones: nearly all
 * that come that near end in it. What is nearer to a found one than this is left to the last rounds.
 */
const onItsWay = 0.95;

/**
 * Functions that are never negative and exactly zero on many images, found one by one as facets of the cloud of whitened
 * outputs, each with its certificate. Starts are independent components: of everything in the first round, then of
 * what is left when the found functions are taken out, until two rounds in a row find nothing new; the second of them
 * takes random starts as well and looks more slowly. What was found is then tested against one another and through its
 * ridges, which may show more.
 * @param outputs `h` (n, r) whitened, distinct rows, and the `noise` of their columns
 */
export async function findFacets(
  { h, noise }: Omit<Whitened, 'map'>,
  options: RectifiedOptions = {},
): Promise<RectifiedFit> {
  const rows = withOnes(h);
  const crew = new Crew(rows, options.threads);
  try {
    return await facetsOf(new Search(rows, noise, options.seed ?? 0, crew), h, options);
  } finally {
    await crew.close();
  }
}

async function facetsOf(search: Search, h: Matrix, options: RectifiedOptions): Promise<RectifiedFit> {
  const { noise } = search;
  const cut = !(await searched(search, h, options));
  search.found.sort((a, b) => b.certificate.zeros - a.certificate.zeros);
  search.directions.splice(0, Infinity, ...search.found.map(({ a }) => unitDirection(a)));
  const ridges = await throughRidges(search, options);
  const { mirrored, dependent, refuting } = await rivals(
    search.rows,
    noise,
    search.found.map(({ a }) => a),
    options,
  );
  const grouped = await groupsOf(search, ridges);
  // A mirror image and more functions than directions are what no layer has that is rectified and nothing else.
  // Where one is met, the assumption does not hold, and no function is taken for a feature.
  const refuted = refuting || ridges.of.some(({ independent }) => !independent);
  // Units of a layer are of one kind: where some ridges close and none is open, functions that are zero too rarely to have
  // one are taken for what the others are. Where one is open, they are not.
  const ofOneKind =
    ridges.of.some(({ report, closed }) => report.tested > 0 && closed) &&
    ridges.of.every(({ report, closed }) => report.tested === 0 || closed);
  // Mixtures of few images fill a polytope. One of its facets may stand in for a feature until there are more functions
  // than directions: fewer, or some without a ridge, do not tell.
  const isOpen =
    (search.found.length < h.cols || ridges.of.some(({ report }) => report.tested === 0)) &&
    areMixed(
      search.rows,
      noise,
      search.found.map(({ a }) => a),
    );
  // One open ridge shows that the layer has units of another kind. Of such a layer a few closed ridges say little: the open
  // one may be among those that were not met.
  const ridgesNeeded = ridges.of.every(({ report }) => report.open === 0) ? 1 : Math.min(h.cols - 1, enoughRidges);
  const of = (i: number): FunctionCertificate => {
    const { report, closed, independent } = ridges.of[i];
    const alone = !dependent[i] && independent;
    const tests = {
      mirror: mirrored[i] ? 'failed' : 'passed',
      independence: !alone ? 'failed' : isOpen ? 'not tested' : 'passed',
      ridges:
        report.tested === 0 || (closed && report.tested < ridgesNeeded) ? 'not tested' : closed ? 'passed' : 'failed',
    } as const;
    const group = grouped.groupOf[i];
    const closes = !isOpen && (tests.ridges === 'passed' || (tests.ridges === 'not tested' && ofOneKind));
    const certifiedAs = refuted || mirrored[i] ? 'function' : group !== null ? 'group' : closes ? 'itself' : 'function';
    return {
      ...search.found[i].certificate,
      certifiedAs,
      ...(certifiedAs === 'group' ? { group: group! } : {}),
      tests,
      ridges: report,
    };
  };
  return arranged(
    search,
    search.found.map((_, i) => of(i)),
    grouped.partners,
    {
      starts: search.starts + ridges.starts,
      closed: search.found.length > 0 && ridges.of.every(({ report, closed }) => report.tested > 0 && closed),
      cut,
    },
  );
}

/** Makes rounds of starts over all rows; false where it was ended before its time. */
async function searched(search: Search, h: Matrix, options: RectifiedOptions): Promise<boolean> {
  const { seed = 0, rounds = 10, enough = Infinity, signal, finish, finishSearch } = options;
  const over = makeEnding([finish, finishSearch]);
  // As many functions as directions may be all that there are. One more refutes all of them, and is looked for.
  const most = Math.min(enough, h.cols + 1);
  let fruitless = 0;
  for (let round = 0; round < rounds && search.found.length < most; round++) {
    const left = complement(search.directions, h.cols);
    const isFull = left.rows === 0;
    if (fruitless >= (isFull ? 1 : patience)) break;
    const before = search.found.length;
    const components = isFull ? left : await independentComponents(h, left, seed + round, { ...options, finish: over });
    const directions = fruitless > 0 || isFull ? search.filled(components, fewest) : components;
    const starts = Math.min(directions.rows, options.starts ?? directions.rows);
    const within =
      fruitless > 0 ? ({ thorough: 'always' } as const) : ({ thorough: 'until-found', sameFacet: onItsWay } as const);
    for (let i = 0; i < starts && search.found.length < most;) {
      signal?.throwIfAborted();
      if (over.aborted) return false;
      if (i >= hopeless && search.found.length === 0) break;
      const end = Math.min(i + search.together, i + most - search.found.length, starts);
      await search.from(vectorsOf(directions, i, end), { ...within, signal, over });
      i = end;
      options.onProgress?.({
        stage: `search for features that are often zero, round ${round + 1}`,
        done: i,
        total: search.found.length === 0 ? Math.min(starts, hopeless) : starts,
        unit: 'starts',
      });
    }
    if (over.aborted) return false;
    if (search.found.length === 0) return true;
    fruitless = search.found.length === before ? fruitless + 1 : 0;
  }
  return true;
}

const order: readonly CertifiedAs[] = ['itself', 'group', 'function'];

/** The functions found and their partners in the order of `facets`, groups numbered in that order. */
function arranged(
  search: Search,
  certificates: readonly FunctionCertificate[],
  partners: readonly Partner[],
  more: Pick<RectifiedFit, 'starts' | 'closed' | 'cut'>,
): RectifiedFit {
  const live = new Set(certificates.map(({ group }) => group));
  const all = [
    ...certificates.map((certificate, i) => ({ a: search.found[i].a, certificate })),
    // A group all of whose proven functions are refused is refused with them.
    ...partners
      .filter(({ group, certificate }) => live.has(group) || certificate.holds)
      .map(({ a, group, certificate }) => ({ a, certificate: partnerOf(group, certificate) })),
  ].sort(
    ({ certificate: x }, { certificate: y }) =>
      order.indexOf(x.certifiedAs) - order.indexOf(y.certifiedAs) ||
      (x.group ?? 0) - (y.group ?? 0) ||
      y.zeros - x.zeros,
  );
  const names = [...new Set(all.flatMap(({ certificate: { group } }) => (group === undefined ? [] : [group])))];
  const facets = matrix(all.length, search.rows.cols);
  all.forEach(({ a, certificate }, i) => {
    facets.data.set(a, i * facets.cols);
    if (certificate.group !== undefined) certificate.group = names.indexOf(certificate.group);
  });
  const ordered = all.map(({ certificate }) => certificate);
  const count = (as: CertifiedAs): number => ordered.filter(({ certifiedAs }) => certifiedAs === as).length;
  return {
    facets,
    certificates: ordered,
    certifiedAs: { itself: count('itself'), group: count('group'), function: count('function') },
    groups: names.map((_, group) => ordered.filter((certificate) => certificate.group === group).length),
    ...more,
  };
}

const partnerOf = (group: number, certificate: FacetCertificate): FunctionCertificate => ({
  ...certificate,
  holds: false,
  certifiedAs: 'group',
  group,
  tests: { mirror: 'not tested', independence: 'not tested', ridges: 'failed' },
  ridges: { tested: 0, toFound: 0, added: 0, unproven: 0, open: 0 },
});
