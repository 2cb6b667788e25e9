/** What a search for features in outputs alone came to: data, and their sentences. */
import { count } from '../base/index.js';
import type { CarriedInWords, NoSphere } from './outputs-notes.js';
import { carriedInWords, noSphereInWords } from './outputs-note-texts.js';
import { rowsInWords } from './rows.js';

/** How many functions did not pass which test. */
export interface FailedTests {
  /** In a linear dependence: there are more of them than directions. */
  dependent: number;
  /** On rows that are mixtures of others, where that cannot be told. */
  mixed: number;
  /** Their mirror image passes as well. */
  mirrored: number;
  /** A ridge leads to no other function. */
  openRidge: number;
  /** There is no ridge to test, or there are too few. */
  noRidge: number;
}

/** What a search found, or why it found nothing. `rank`: directions that the outputs fill. */
export type RecoveryOutcome =
  /** A normalised vector up to a rotation; `residual` on the `rowsHeldOut`. */
  | { kind: 'sphere'; expectedR2: number; residual: number; rowsHeldOut: number }
  | { kind: 'no-sphere'; why: NoSphere; rows: number; rank: number }
  /** `itself`: features one by one, which are zero on these `zeros` images, the least and the most. */
  | {
      kind: 'rectified';
      rank: number;
      itself: number;
      zeros?: readonly [number, number];
      /** Functions in each group. */
      groups: readonly number[];
      /** Functions that are proven and not told from what is no feature. */
      functions: number;
      /** Present where the search was ended before it was through. */
      cut?: true;
    }
  | {
      kind: 'no-rectified';
      rank: number;
      functions: number;
      failed: FailedTests;
      /** Whether the search was ended before it was through. */
      cut: boolean;
      /** Null where no normalisation was looked for. */
      noSphere: NoSphere | null;
      /** Distinct rows that a normalisation takes, where there were too few to look for one. */
      sphereTakes: number | null;
    };

export type RecoveryNote =
  | { kind: 'carried'; carried: CarriedInWords; classes: number }
  | { kind: 'copies'; copies: number; rows: number }
  | { kind: 'stopped'; descents: number }
  | { kind: 'sphere-not-tried'; needed: number }
  /** Which tests the functions that are not said to be features did not pass. */
  | { kind: 'no-features'; failed: FailedTests }
  | { kind: 'found-by-ridges'; functions: number }
  /** Features without a tested ridge, and those of them whose ridges were not looked for. */
  | { kind: 'without-ridge'; features: number; skipped: number }
  /** Every ridge leads to a function that was found. */
  | { kind: 'closed' };

/** What was found and what it means. */
export function recoveryInWords(outcome: RecoveryOutcome): string {
  switch (outcome.kind) {
    case 'sphere': {
      const { expectedR2, residual, rowsHeldOut } = outcome;
      return `The outputs give away a normalised vector of the model up to a rotation, and so its distances, angles and nearest neighbours among the images (expected R² ${roundDown(expectedR2)}, residual ${residual.toExponential(1)} on ${count(rowsHeldOut)} rows kept out of the fit).`;
    }
    case 'no-sphere':
      return `No certificate: ${noSphereInWords(outcome.why)}, so no normalised vector shows. The ${count(outcome.rows)} rows may also be too few or too coarse. ${affineClass(outcome.rank)}`;
    case 'rectified':
      return rectified(outcome);
    case 'no-rectified': {
      const { sphereTakes, rank } = outcome;
      const skipped = sphereTakes === null ? '' : `${sphereNotTried(sphereTakes)} `;
      return `No certificate: ${noFeature(outcome)}. ${skipped}${affineClass(rank)}`;
    }
  }
}

/** One thing more to know, in a sentence or two. */
export function recoveryNoteInWords(note: RecoveryNote): string {
  switch (note.kind) {
    case 'carried': {
      const { rows, places } = note.carried;
      return `${carriedInWords(note.carried, note.classes)} ${rowsInWords(rows, places)} took no part; ignore what is written for ${rows.length === 1 ? 'it' : 'them'}.`;
    }
    case 'copies':
      return `${count(note.copies)} of ${count(note.rows)} rows are copies of others and were used once.`;
    case 'stopped':
      return `The search was stopped before it finished, after ${note.descents} descents. With more time it may find more features.`;
    case 'sphere-not-tried':
      return sphereNotTried(note.needed);
    case 'no-features':
      return `Of the functions that are not said to be features: ${failures(note.failed)}.`;
    case 'found-by-ridges':
      return `The search had missed ${note.functions} of them; a ridge of another one led to them.`;
    case 'without-ridge':
      return withoutRidge(note.features - note.skipped, note.skipped);
    case 'closed':
      return 'Every ridge that was looked at leads to a function that was found.';
  }
}

function withoutRidge(rare: number, skipped: number): string {
  const parts = [
    ...(rare > 0
      ? [`${count(rare)} of the features ${rare === 1 ? 'is' : 'are'} zero too rarely to have a ridge to test.`]
      : []),
    ...(skipped > 0
      ? [
          `The ridges of ${count(skipped)}${rare > 0 ? ' others' : ' of the features'} were not looked at: that takes long, so of a wide layer some 32 functions are, and few once the time is over.`,
        ]
      : []),
  ];
  return `${parts.join(' ')} They are taken for features (tests.ridges: not tested) because every ridge that was looked at leads to a function that was found.`;
}

/** What a certificate takes for granted, since outputs alone cannot test it. */
export const assumptionsInWords = (kind: 'sphere' | 'rectified'): readonly string[] => assumptions[kind];

const assumptions = {
  sphere: [
    'What is proven: only linear maps stand between a normalised vector and the outputs. Its distances need not be those of the layer right before the head: a linear layer between the two changes them, and outputs alone cannot show one.',
  ],
  rectified: [
    'What is proven of each: it is an affine function of the outputs, never below zero and exactly zero on images that fix it. It is a feature if the layer is rectified and no combination of its features stays above another one and equals it on many images. A sum beside its part breaks this, as does the maximum of two features beside one of them, and outputs alone cannot show it.',
    'The sign is right if the layer is cut off from below. A clamp from above, or a negative scale after the layer, reverses it. A linear layer between the rectified one and the head cannot be seen: the features are those of the rectified one.',
  ],
} as const;

type Of<Kind extends RecoveryOutcome['kind']> = Extract<RecoveryOutcome, { kind: Kind }>;

const affineClass = (rank: number): string =>
  `Known are only the ${rank} features mixed with each other (up to an invertible map); these outputs alone do not undo the mixing.`;

const sphereNotTried = (needed: number): string =>
  `A normalisation before the head was not tried: that takes ${count(needed)} distinct rows.`;

/** Features, then groups, functions, and what is left. */
function rectified({ rank, itself, zeros, groups, functions, cut }: Of<'rectified'>): string {
  const sentences: string[] = [];
  if (zeros) {
    const which = itself === rank ? `all ${itself}` : `${cut ? 'at least ' : ''}${itself} of ${rank}`;
    sentences.push(
      `The outputs give away ${which} features one by one, up to order and scale: each is never below zero and exactly zero on ${count(zeros[0])} to ${count(zeros[1])} images, which fix it.`,
    );
  }
  if (groups.length > 0) {
    sentences.push(groupsInWords(groups, itself > 0 ? '' : 'The outputs give away no feature by itself. '));
  }
  if (functions > 0) sentences.push(`${functionsInWords(functions)}: they are not said to be features.`);
  const left = rank - itself - groups.reduce((sum, size) => sum + size, 0);
  if (left > 0) sentences.push(restInWords(left));
  return sentences.join(' ');
}

function groupsInWords(groups: readonly number[], before: string): string {
  const sizes = [...new Set(groups)].sort((a, b) => a - b);
  const each = sizes.map((size) => {
    const many = groups.filter((other) => other === size).length;
    return many === 1
      ? `${size} features up to a ${size} x ${size} map`
      : `${many} times ${size} features, each ${size} up to a ${size} x ${size} map`;
  });
  return `${before}Known only as groups, by what they span: ${each.join('; ')}. Nothing fixes which of the functions that vanish together are features.`;
}

const functionsInWords = (n: number): string =>
  n === 1
    ? '1 function is never below zero and exactly zero on images that fix it, but did not pass every test, or could not be tested'
    : `${n} functions are never below zero and exactly zero on images that fix them, but did not pass every test, or could not be tested`;

/** What is said of the directions that no certificate fixes. */
const restInWords = (left: number): string =>
  left === 1
    ? 'The other one is known only mixed with these (up to an invertible map); images that switch it off would show it.'
    : `The other ${left} are known only as mixtures (up to an invertible map); images that switch them off would show them.`;

/** Why no function is handed out. */
function noFeature({ functions, failed, cut, noSphere }: Of<'no-rectified'>): string {
  if (functions > 0) {
    return `${functionsInWords(functions)} (${failures(failed)}), so none of them is known to be a feature`;
  }
  if (cut) return 'the search for rectified features was stopped before it found one';
  return `the search found no function that is never below zero and exactly zero on images that fix it${
    noSphere
      ? `, and ${noSphereInWords(noSphere)}, so neither rectified features nor a normalisation show (a mean over positions, SiLU or GELU before the head leave neither)`
      : ', so that no rectified features show'
  }`;
}

/** Which tests functions did not pass, and how many each. */
function failures({ dependent, mixed, mirrored, openRidge, noRidge }: FailedTests): string {
  const each: [number, string][] = [
    [dependent, 'in a linear dependence, more of them than directions'],
    [mixed, 'on rows that are mixtures of others, which show functions that are no features'],
    [mirrored, 'with a mirror image that passes as well'],
    [openRidge, 'with a ridge that leads to no other'],
    [noRidge, 'with no ridge, or too few, on these images'],
  ];
  return each.flatMap(([many, say]) => (many > 0 ? [`${many} ${say}`] : [])).join(', ');
}

/** Rounds down, so that no nine is shown that is not there: 0.99999998 is 0.9999999. */
function roundDown(r2: number): string {
  const nines = Math.max(2, Math.min(10, Math.floor(-Math.log10(Math.max(1 - r2, 1e-10)))));
  return (Math.floor(r2 * 10 ** nines) / 10 ** nines).toFixed(nines);
}
