/** The sentences of an audit's verdict, in one place. */
import { count, option, shareInWords, withOptions } from '../base/index.js';
import { nearlyAll, whole as wholeSpecs } from './known.js';
import { inWords } from './observe-spec.js';
import { givenTime, inTime, roughTime } from './figures.js';
import type { Finding, Shown, ShownReading } from './findings.js';
import { orMore } from './audit-table.js';
import { noWidthInWords, severalInWords } from './outputs-note-texts.js';
import { list } from './some.js';

/**
 * A verdict in sentences, in its order.
 * @param flags whether options have the names of the command line; else those of the library
 */
export const findingsInWords = (findings: readonly Finding[], flags = false): string[] =>
  findings.map((finding) => findingInWords(finding, flags));

/** One finding, in a sentence or a few. */
export const findingInWords = (finding: Finding, flags = false): string =>
  withOptions(text(finding), (property, flag) => (flags ? flag : property));

function text(finding: Finding): string {
  switch (finding.kind) {
    case 'vector-recovered':
      return `${seen(finding)} can compute a normalised vector of this model up to a rotation, and so see which images are similar in that vector. That takes the outputs alone. ${whichVector(finding)}`;
    case 'features-recovered':
      return `${seen(finding)} can compute ${recoveredInWords(finding)} of this model's ${count(finding.features)} features themselves, each up to its scale. That takes the outputs alone.${stoppedInWords(finding)}`;
    case 'learnt':
      return learnt(finding);
    case 'nothing-learnt':
      return `These images do not show how much of the ${count(finding.features)} features of ${finding.model} one linear map reads off its ${count(finding.classes)} outputs.`;
    case 'shown-as-much':
      return asMuch(finding);
    case 'shown-less':
      return less(finding);
    case 'images-too-few':
      return `There are too few images to say what other outputs give away (${named(finding.shown)}): a map from ${count(finding.numbers)} numbers needs at least ${count(finding.needed)} images, and here it had ${count(finding.fitted)}. Their rows are left empty; they may still give something away.`;
    case 'not-read':
      return `It is not known whether showing less (${named(finding.shown)}) gives anything away: the map did no better than the mean of the features, or than chance. Another map, or more images, may read more. Their rows are left empty.`;
    case 'width-shown': {
      const width = finding.exact
        ? `the layer before the last is ${count(finding.features)} numbers wide`
        : `the layer before the last is at least ${count(finding.width)} numbers wide (it is ${count(finding.features)})`;
      return `At full precision the outputs also show that ${width}.`;
    }
    case 'search-ended':
      return 'The search was stopped before it finished. With more time it may find more features.';
    case 'outputs-not-whole':
      return `None of these shows all outputs at full precision, which a search for features in the outputs alone takes.${finding.recovered === null ? '' : ` Whoever had them would find ${recoveredInWords({ ...finding, recovered: finding.recovered })} features by these alone: do not publish them.`}`;
    case 'search-skipped':
      return `A search for features in the outputs alone was left out: what was left of ${budgetInWords(finding)} is too short for it. Whether it finds any is not known.`;
    case 'more-features-than-outputs':
      return `The outputs alone cannot give all of the features away: the layer before the last has ${count(finding.features)} numbers and the model only ${count(finding.classes)} outputs, so a part of them never reaches the outputs.`;
    case 'as-many-features-as-outputs':
      return `${noWay(false)}: the layer before the last has as many numbers as the model has outputs (${count(finding.classes)}), so no gap in the spectrum shows which directions are its own.`;
    case 'more-images-needed':
      return moreImages(finding);
    case 'search-without-result':
      return finding.stopped === undefined
        ? `${noWay(finding.rows)}. ${searched(finding.search)}`
        : `${notFoundIn(finding.stopped, finding.rows)} ${searched(finding.search)}`;
    case 'outputs-hidden':
      return `Features were not looked for in ${finding.rows ? 'these' : 'the'} outputs alone: that takes all of them, and a part is hidden. This is no sign that nothing is given away.`;
    case 'no-gap':
      return finding.rows
        ? `${noWay(true)}: their spectrum has no gap. Either the layer before the last is at least as wide as there are classes, and a part of it never reaches the outputs, or rounding hides which directions are the features’.`
        : `${noWay(false)}: their spectrum has no gap. Noise (of rounding, or of weights in few bits) hides which directions are the features’.`;
    case 'rows-give-vector':
      return `${has(finding)} a normalised vector of the model for each of them, up to a rotation, and so sees which images are similar in that vector. Only linear maps stand between that vector and the outputs; it need not be the layer right before the last one.`;
    case 'rows-give-features':
      return `${has(finding)} ${recoveredInWords(finding)} features of the model for each of them, each up to its scale. That takes the outputs alone.${stoppedInWords(finding)}`;
    case 'rows-too-few':
      return `${notLooked(true)}: ${count(finding.rows)} rows are too few. A search for a normalisation needs ${count(finding.sphere)} different ones${finding.rank === null ? ' or more' : ''}, one for features that are often zero ${count(finding.rectified)}${finding.rank === null ? ' or more' : ''}.`;
    case 'least-width':
      return `The outputs show that the layer before the last is at least ${count(finding.width)} numbers wide, if one model made all rows: several models in one file add up.`;
    case 'width-not-shown':
      if (finding.why) return `${notShown} ${noWidthInWords(finding.why)}`;
      return finding.reason?.replace('The hidden width does not show.', notShown) ?? notShown;
    case 'several-models':
      return `Features were not looked for. ${severalInWords(finding.several)}. Give the rows of one.`;
    case 'readings-unknown':
      if (finding.width !== undefined)
        return `All outputs in full precision are as open as logits: whoever has the features of enough images can compute those of every other image from its outputs, if the layer before the last is ${count(finding.width)} numbers wide, as these outputs show it. How much less is read if less is shown takes the model, or its features for some images.`;
      return 'How much of the features these outputs give away is not known without the model: what a map reads off them was not asked, nor how much less it reads if less is shown. That takes the model, or its features for some images.';
    case 'text':
      return finding.text;
  }
}

type Of<Kind extends Finding['kind']> = Extract<Finding, { kind: Kind }>;

const notShown = 'The outputs do not show how wide the layer before the last is.';

/** How a sentence begins on a search that ended without a certificate: another search may find more. */
const noWay = (rows: boolean): string =>
  `From ${rows ? 'these' : 'the'} outputs alone this tool found no way to the features`;

/** How a sentence begins where nothing was looked for: that is no answer. */
const notLooked = (rows: boolean): string =>
  `Whether ${rows ? 'these' : 'the'} outputs alone give features away is not known`;

/** A search that its time ended has not answered. */
const notFoundIn = (stopped: number, rows: boolean): string =>
  `In ${inTime(stopped)} this tool found no features in ${rows ? 'these' : 'the'} outputs alone, and then its time was over: whether more time finds some is not known.`;

/** How many came back: of a search that was stopped, at least so many. */
const recoveredInWords = ({ recovered, stopped }: { recovered: number; stopped?: number }): string =>
  `${stopped === undefined ? '' : 'at least '}${count(recovered)}`;

const stoppedInWords = ({ stopped }: { stopped?: number }): string =>
  stopped === undefined ? '' : ` The search was stopped after ${inTime(stopped)}: there may be more.`;

/** The time that was given: `60 s (--budget)`, `60 s, this model’s share of 2 min (--budget)`. */
function budgetInWords({ budget, shared }: Of<'search-skipped'>): string {
  const flag = option('budgetSeconds', '--budget');
  return shared === undefined
    ? `${givenTime(budget)} (${flag})`
    : `${givenTime(budget)}, this model’s share of ${givenTime(shared)} (${flag}),`;
}

const seen = ({ model, classes, images, vary }: Of<'vector-recovered'> | Of<'features-recovered'>): string =>
  `Anyone who sees all ${count(classes)} outputs of ${model} (logits, or probabilities, at full float32 precision) for ${count(images)} images${inVariations(vary)}`;

const has = ({ rows, classes, name }: Of<'rows-give-vector'> | Of<'rows-give-features'>): string =>
  `Anyone who has these ${count(rows)} rows of ${count(classes)} outputs (${name}) has`;

const inVariations = (vary: number): string => (vary > 1 ? ` in ${count(vary)} variations each` : '');

/**
 * The certificate is for a vector with nothing but linear maps after it; only the model tells whether it is the last
 * layer.
 */
function whichVector({ features, compared }: Of<'vector-recovered'>): string {
  const proven = 'Only linear maps stand between that vector and the outputs';
  if (compared === null) return `${proven}; it need not be the layer right before the last one.`;
  return compared >= nearlyAll
    ? `${proven}. Compared with the model's own ${count(features)} features, it is these (${shareInWords(compared)} of how they differ).`
    : `${proven}. It is not the layer right before the last one: it tells ${shareInWords(compared)} of that (R² up to a rotation).`;
}

function learnt({ model, classes, features, fitted, exact, vary, best }: Of<'learnt'>): string {
  if (exact && fitted) {
    return `Anyone who sees ${shown(best)} of ${model} (${count(classes)} numbers) and has its features for ${count(fitted)} images can compute those of any other image: the last layer loses nothing of its ${count(features)} features.`;
  }
  const here = fitted ? ` (here ${count(fitted)}${inVariations(vary)})` : '';
  const isWhole = wholeSpecs.includes(best.observe);
  const seen = isWhole ? `all ${count(classes)} outputs of ${model}` : `${shown(best)} of ${model}`;
  const who = `Anyone who sees ${seen} and has its features for some images${here}`;
  const { r2 } = best;
  return r2 >= nearlyAll
    ? `${who} has those of every other image as well: one linear map reads off ${shareInWords(r2)} of how the ${count(features)} features differ from image to image${detail(best)}.`
    : `${who} learns ${read(best)} of how its ${count(features)} features differ from image to image${detail(best)}.`;
}

/**
 * What a share of all variance does not say: how many features come back nearly whole, and what they are read from, if
 * not logits.
 */
function detail(best: Of<'learnt'>['best']): string {
  const { observe, above99 } = best;
  const parts = [
    ...(observe === 'logits' || !wholeSpecs.includes(observe) ? [] : [`from ${shown(best)}`]),
    ...(above99 === null ? [] : [`R² above 0.99 for ${shareInWords(above99)} of the features`]),
  ];
  return parts.length === 0 ? '' : ` (${parts.join('; ')})`;
}

/** An interface in words, with how it was read. */
const shown = ({ observe, by }: Shown): string => inWords(by === 'log' ? `${observe}+log` : observe);

function asMuch({ shown: all, r2, recovered, exact }: Of<'shown-as-much'>): string {
  const [names, least] = [list(all.map(shown)), shareInWords(r2)];
  if (exact) return `As much is given away by ${names}: all of the features, by algebra.`;
  if (exact === false)
    return `One linear map reads ${least} of how the features differ from image to image off ${names}.`;
  return recovered
    ? `To anyone who also has the features of some images, ${names} give away those of every other image: one linear map reads off ${least} of how they differ from image to image.`
    : `As much is given away by ${names}: one linear map reads off ${least}.`;
}

/** What was read, as the tables have it: the figure is the middle of its interval, so that it is no bound by itself. */
const read = ({ r2, interval }: ShownReading): string => (r2 < 0.01 ? shareInWords(r2) : orMore(r2, interval ?? null));

function less({ most, least, isLess }: Of<'shown-less'>): string {
  const whole = 'of how the features differ from image to image';
  const ends = [`${read(most)} ${whole} off ${shown(most)}`, ...(least ? [`${read(least)} off ${shown(least)}`] : [])];
  return `${isLess ? 'With less shown, a linear map read less' : 'With less shown, a linear map read'}: ${ends.join(', and ')}. A better reader may get more.`;
}

const named = (observes: readonly string[]): string =>
  observes.length > 3 ? `${inWords(observes[0])} and ${observes.length - 1} others` : list(observes.map(inWords));

/** The sentence of a search, behind one that says already that there is no certificate. */
const searched = (search: string): string =>
  search.replace(/^No certificate: (.)/, (_, first: string) => first.toUpperCase());

function moreImages({ needed, variations, rectified, search, seconds, stopped }: Of<'more-images-needed'>): string {
  const first =
    search === null
      ? `${notLooked(false)}: a`
      : `${stopped === undefined ? `${noWay(false)}.` : notFoundIn(stopped, false)} ${searched(search)} A`;
  const sphere = `search for a normalisation before the last layer needs ${needed === null ? 'more' : count(needed)} different images`;
  const zeros = rectified
    ? `, one for features that are often zero at least ${count(rectified.needed)} (${varyBy(rectified.variations)} makes as many)`
    : '';
  const time = seconds === undefined ? '' : `, about ${roughTime(seconds)} here`;
  return `${first} ${sphere}${zeros}. An attacker can choose the images: more of them, or these in ${count(variations)} variations each (inverted, shifted, in other colours), are about enough${rectified ? ' for both' : ''} (${varyBy(variations)}${time}).`;
}

const varyBy = (variations: number): string => option(`vary: ${variations}`, `--vary ${variations}`);
