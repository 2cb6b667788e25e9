import { share, visibleData, wrap } from '../base/index.js';
import type { Leaks, Results } from '../results/index.js';

const width = 80;

/** Text wrapped to the usual 80 columns after a mark, its further lines indented as far as the mark is wide. */
export const wrapped = (text: string, mark = ''): string =>
  mark + wrap(text, width - mark.length).join(`\n${' '.repeat(mark.length)}`);

/**
 * What an audit prints, in the order in which people ask: what is given away, by which interface, at what cost, and
 * what to do.
 */
export async function auditText(results: Results, asked: readonly string[] = []): Promise<string[]> {
  const { leaks, environment } = visibleData(results);
  const { findingInWords } = await import('../words/index.js');
  const found = leaks!;
  return [
    await aboutAsked(found, asked),
    [
      wrapped(await headline(found, environment.models[0])),
      '',
      await interfaceTable([found]),
      '',
      wrapped(await legend(found)),
      ...(await changedNumbers(found)),
    ].join('\n'),
    await abilityTable(found),
    await advice(found),
    found.verdict.findings
      .filter(({ kind }) => aside.has(kind))
      .map((finding) => wrapped(findingInWords(finding, true), '* '))
      .join('\n'),
    (await comparison(found)).map((line) => wrapped(line)).join('\n'),
  ].filter((block) => block !== '');
}

/** Kinds of findings that the tables do not show. */
const aside = new Set([
  'more-images-needed',
  'search-without-result',
  'outputs-hidden',
  'no-gap',
  'search-ended',
  'search-skipped',
  'outputs-not-whole',
  'as-many-features-as-outputs',
  'more-features-than-outputs',
]);

/** What is read off each interface that was asked about, and what can be done with it. */
async function aboutAsked({ interfaces = [], abilities = [] }: Leaks, asked: readonly string[]): Promise<string> {
  const { abilityName, kept, published, readOff } = await import('../words/index.js');
  const lines = interfaces
    .filter(({ observe }) => asked.includes(observe))
    .map(({ observe, read, cost }) => {
      const can = abilities.filter((each) => each.observe.includes(observe)).map(abilityName);
      const others =
        can.length === 0
          ? 'Nothing else was found that others can do with it.'
          : `With it others can ${can.join(', ')}.`;
      return `${published(observe)}: features read off ${readOff(read)}, same answer ${kept(cost.sameTop)}. ${others}`;
    });
  return lines
    .slice(0, mostAsked)
    .map((line) => wrapped(line))
    .join('\n');
}

/** Most interfaces that are answered for one by one, above the table of all. */
const mostAsked = 4;

/** The answer in a sentence or two. */
async function headline(
  { verdict, recovery, interfaces = [], abilities = [] }: Leaks,
  { name, featureDim, classCount }: Results['environment']['models'][number],
): Promise<string> {
  const { count, findingInWords, mostOpenInWords } = await import('../words/index.js');
  const whatTheyAre = `Features: the ${count(featureDim)} numbers inside the model that its last layer turns into ${count(classCount)} outputs.`;
  const open = mostOpenInWords(name, interfaces, abilities.find(({ ability }) => ability === 'map')?.stolen);
  // What outputs give away alone depends on the time that a search had: it comes second.
  const alone =
    recovery?.certified && /recovered$/.test(verdict.findings[0].kind)
      ? [findingInWords(verdict.findings[0], true)]
      : [];
  const sentences = [...(open === null ? [] : [open]), ...alone];
  if (sentences.length === 0) return `These images do not tell how much the outputs of ${name} give away.`;
  return [...sentences, whatTheyAre].join(' ');
}

/** A table of what each interface gives away and costs; for several models side by side, without the cost. */
export async function interfaceTable(
  all: readonly Pick<Leaks, 'interfaces'>[],
  names: readonly string[] = [],
): Promise<string> {
  const { renderTable } = await import('../report/index.js');
  const { kept, published, readOff, readOffInShort } = await import('../words/index.js');
  // The most open first.
  const most = (spec: string): number =>
    Math.max(...all.map((leaks) => leaks.interfaces?.find(({ observe }) => observe === spec)?.read?.r2 ?? -1));
  const specs = [...new Set(all.flatMap(({ interfaces = [] }) => interfaces.map(({ observe }) => observe)))].sort(
    (a, b) => Math.round(1e3 * (most(b) - most(a))),
  );
  const of = (leaks: Pick<Leaks, 'interfaces'>, spec: string) =>
    leaks.interfaces?.find(({ observe }) => observe === spec);
  // With long names the table would not fit into the usual 80 columns.
  const short = names.every((name) => name.length <= longestName);
  const headings = short ? names : names.map((_, i) => `model ${i + 1}`);
  const accuracies = all.length === 1 && all[0].interfaces?.some(({ cost }) => cost.accuracy !== null);
  const table = renderTable<string>(
    [
      { heading: 'what you publish', cell: published },
      ...all.flatMap((leaks, i) => [
        {
          heading: all.length === 1 ? 'features read off' : headings[i],
          cell: (spec: string) => {
            const found = of(leaks, spec);
            return found ? (all.length === 1 ? readOff : readOffInShort)(found.read) : '';
          },
        },
      ]),
      ...(all.length === 1
        ? [
            {
              heading: 'same answer',
              align: 'right' as const,
              cell: (spec: string) => kept(of(all[0], spec)!.cost.sameTop),
            },
          ]
        : []),
      ...(accuracies
        ? [
            {
              heading: 'accuracy',
              align: 'right' as const,
              cell: (spec: string) => {
                const found = of(all[0], spec)?.cost.accuracy;
                return found ? share(found.shown, 1) : '';
              },
            },
          ]
        : []),
    ],
    specs,
  );
  return short ? table : [table, '', ...names.map((name, i) => wrapped(`Model ${i + 1}: ${name}.`))].join('\n');
}

/** Longest name of a model above its column, of two beside what is published. */
const longestName = 19;

/** What the columns of the table mean. */
async function legend({ interfaces = [] }: Leaks): Promise<string> {
  const { count } = await import('../words/index.js');
  const images = interfaces[0]?.read?.images ?? interfaces[0]?.cost.images ?? 0;
  const reads = interfaces.flatMap(({ read }) => read ?? []);
  const head = reads.some(({ kind, by }) => kind === 'at-least' && by === 'head')
    ? ', some of which start from the model’s own last layer'
    : '';
  const known = interfaces.some(({ cost }) => cost.accuracy !== null);
  const fitted = reads.find(({ kind }) => kind === 'at-least')?.fitted;
  const fittedOn =
    fitted === undefined ? ' that has only these images.' : ` that was fitted on ${count(fitted)} images.`;
  const where = reads.some(({ kind }) => kind === 'exact') ? 'Where it is not exact it' : 'It';
  return `Features read off: how much of the features a simple reader (linear maps${head}) got right on ${count(images)} images it had not seen, as a share of their variance. ${where} is what was read off these images, and in brackets its 95 % interval. Both are of a reader${fittedOn} “Or more”: with more images or a better reader, more can be read off. Same answer: how often honest users still get the model’s top class; a list of the top few has it first, whatever its numbers.${known ? '' : ' No accuracy: no image has a label that is known to be a class of the model.'}`;
}

/** What publishing other numbers than the model's does to them. */
async function changedNumbers({ interfaces = [] }: Leaks): Promise<string[]> {
  const { changedNumbersInWords } = await import('../words/index.js');
  const text = changedNumbersInWords(interfaces);
  return text === '' ? [] : [wrapped(text)];
}

/** The table of who can do what. */
async function abilityTable({ abilities = [], interfaces = [] }: Leaks): Promise<string> {
  if (abilities.length === 0) return '';
  const { renderTable } = await import('../report/index.js');
  const { abilityName, howSure, publishedList, takes } = await import('../words/index.js');
  const table = renderTable<(typeof abilities)[number]>(
    [
      { heading: 'what others can do', cell: abilityName },
      { heading: 'what they need', cell: takes },
      { heading: 'how sure', cell: howSure },
    ],
    abilities,
  );
  const done = abilities.filter(({ observe }) => observe.length > 0);
  const tried = interfaces.map(({ observe }) => observe);
  const least = done.map(({ observe }) => publishedList(observe, tried));
  const lines = [...new Set(least)].map((names) => {
    const all = done.filter((_, i) => least[i] === names).map(abilityName);
    return `With ${names}: ${all.join(', ')}.`;
  });
  return [table, ...lines.map((line) => wrapped(line))].join('\n');
}

/** What to publish instead. */
async function advice({ advice: all = [], interfaces = [] }: Leaks): Promise<string> {
  const { adviceInWords } = await import('../words/index.js');
  return adviceInWords(all, interfaces, true)
    .map((line) => wrapped(line))
    .join('\n');
}

/** What was recovered, compared with the model's own features. */
async function comparison({ comparison: found, recovery }: Leaks): Promise<string[]> {
  if (!found || !recovery) return [];
  const { count, matchedInWords, rSquared, share: percent } = await import('../words/index.js');
  return [
    found.kind === 'sphere'
      ? `Recovered vector beside the model's own features, up to a rotation: R² ${rSquared(found.r2)}, ${percent(found.equalNeighbours)} of nearest neighbours equal.`
      : `Of the ${count(found.identifiable)} features that these images could show (those that are zero on enough of them), ${count(recovery.features)} were recovered. ${matchedInWords(found.worst)}`,
  ];
}
