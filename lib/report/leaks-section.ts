import type { Leaks, Results } from '../results/index.js';
import {
  abilityName,
  adviceInWords,
  changedNumbersInWords,
  count,
  findingsInWords,
  Glossary,
  howSure,
  imageCount,
  none,
  outputsNoteInWords,
  publishedList,
  share,
  takes,
} from '../words/index.js';
import { furtherFindings } from './answer.js';
import { table } from './html-table.js';
import { markup, type Markup } from './html.js';

/**
 * The level of a verdict in words, with its R². Results of earlier versions have no R², and their levels other limits.
 */
function levelOf({ verdict: { level, r2 = null }, recovery, log, fingerprint }: Leaks): string {
  switch (level) {
    case 'features':
      return recovery?.kind === 'sphere'
        ? 'A normalised vector is given away by the outputs alone'
        : 'Some features are given away by the outputs alone';
    case 'map':
      return 'Whoever has the features of some images can compute those of all others';
    case 'partly':
      return r2 === null
        ? 'Half or more of how the features differ can be read off'
        : `At least ${Math.floor(100 * r2)} % of how the features differ can be read off`;
    case 'little':
      return r2 === null
        ? 'Less than half of how the features differ was read off'
        : `Little was read off: ${share(r2, 1)} of how the features differ`;
    case 'unknown':
      // The page begins with that number.
      if (log && fingerprint.hiddenWidth !== null)
        return 'These outputs alone show how wide a layer is at least, and not how much of it is given away';
      if (log) return 'These outputs alone do not tell how much is given away';
      return 'These images do not tell how much is given away';
  }
}

/** What was found beyond the answer, without what its proof takes for granted: that is folded. */
const withoutAssumptions = (results: Results): Leaks['verdict']['findings'] =>
  furtherFindings(results).filter(
    (finding) => finding.kind !== 'text' || !(results.leaks?.recovery?.assumptions ?? []).includes(finding.text),
  );

/** What came back from the outputs alone, as the heading has it; then the advice, and what else was found. */
function sentencesOf(results: Results, leaks: Leaks, flags: boolean): string[] {
  const found = withoutAssumptions(results);
  const recovered = found.filter(({ kind }) => kind === 'features-recovered' || kind === 'vector-recovered');
  const interfaces = leaks.interfaces ?? [];
  return [
    ...findingsInWords(recovered, flags),
    ...adviceInWords(leaks.advice ?? [], interfaces, flags),
    changedNumbersInWords(interfaces),
    ...findingsInWords(
      found.filter((each) => !recovered.includes(each)),
      flags,
    ),
  ].filter((sentence) => sentence !== '');
}

/** An audit's whole verdict in words, with who can do what. */
export const verdictSection = (results: Results, leaks: Leaks, flags: boolean): Markup => markup`<div class="verdict">
  <h2>${levelOf(leaks)}</h2>
  <ul>
    ${sentencesOf(results, leaks, flags).map((sentence) => markup`<li>${sentence}</li>`)}
  </ul>
  ${leaks.abilities ? abilitySection(leaks.abilities, leaks.interfaces ?? []) : null} ${assumptionsSection(leaks)}
</div>`;

/** What a certificate takes for granted, for those who check proofs, with the words that it is in. */
function assumptionsSection({ recovery }: Leaks): Markup | null {
  const assumptions = recovery?.certified ? (recovery.assumptions ?? []) : [];
  if (assumptions.length === 0) return null;
  const terms = new Glossary().firstUse(['rectified', 'affine', 'scale', 'normalisation']);
  return markup`<details class="fold">
    <summary>What the proof says, and what it takes for granted</summary>
    <ul>
      ${[...assumptions, ...terms].map((line) => markup`<li>${line}</li>`)}
    </ul>
  </details>`;
}

/** The note that an audit's rows are of one split, where its figures come from many; empty where they do not. */
export function splitNote({ leaks }: Results): string[] {
  const splits = leaks?.interfaces?.find(({ read }) => read?.splits)?.read?.splits;
  return splits
    ? [
        `This table answers another question than the picture: does the last layer still name the same class when it gets the features that were read back? “Agreement” is how often it does. Each row is one fit on one split. Only where “head as prior” stands does it know the model’s last layer, so that the others fall short of what is exact above. What is given away comes from ${splits.repeats} splits into ${splits.folds} parts, and for each interface from the reader that did best.`,
      ]
    : [];
}

const abilitySection = (
  abilities: NonNullable<Leaks['abilities']>,
  interfaces: NonNullable<Leaks['interfaces']>,
): Markup =>
  table<(typeof abilities)[number]>(
    [
      { heading: 'what others can do', cell: abilityName },
      { heading: 'what they need', cell: takes },
      {
        heading: 'with what you publish',
        cell: ({ observe }) =>
          publishedList(
            observe,
            interfaces.map((each) => each.observe),
          ) || none,
      },
      { heading: 'how sure', cell: howSure },
    ],
    [{ heading: null, rows: [...abilities] }],
    { label: 'Who can do what with the outputs' },
  );

/** What the outputs show of the model behind them. */
export function fingerprintSection({ fingerprint, log, interfaces = [] }: Leaks, variations = 1): Markup {
  // Whoever publishes no logits would look for these numbers in vain.
  const inside = interfaces.length > 0 && interfaces.every(({ observe }) => observe !== 'logits');
  const facts: [string, string][] = [
    ['kind of outputs', inside ? `${fingerprint.kind}: the model’s own, before what is published` : fingerprint.kind],
    ['images', variations > 1 ? imageCount(fingerprint.rows, variations) : count(fingerprint.rows)],
    ['classes', `${fingerprint.atLeast ? 'at least ' : ''}${count(fingerprint.classes)}`],
    ['directions that they fill', count(fingerprint.rank)],
    ['least width of the layer before the last', count(fingerprint.hiddenWidth)],
    ['normalised before the last layer', yesNo(fingerprint.normalised)],
    ['never negative, often zero', yesNo(fingerprint.rectified)],
  ];
  return markup`<h3>What the outputs show of the model</h3>
    ${table(
      [
        { heading: 'seen', cell: ([name]) => name },
        { heading: 'figure', cell: ([, figure]) => figure },
      ],
      [{ heading: null, rows: facts }],
      { label: 'Fingerprint' },
    )}
    ${inside ? markup`<p class="note">${ownOutputs}</p>` : null}
    ${[...fingerprint.reasons.map(outputsNoteInWords), ...(log?.notes ?? [])].map((reason) => markup`<p class="note">${reason}</p>`)}`;
}

const ownOutputs =
  'All of this is about the model’s own outputs, before what is published is made from them. You publish less, so that others may see less of it.';

const yesNo = (value: boolean | null): string => (value === null ? none : value ? 'yes' : 'no');
