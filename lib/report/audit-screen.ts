import type { Leaks, Results } from '../results/index.js';
import { count, inTime, inWords, nearlyAll, publishedList, readOffInShort, share } from '../words/index.js';
import type { Plotting } from './chart.js';
import type { Headline, Picture } from './headline.js';
import { leakCharts } from './leak-charts.js';
import { logHeadline } from './log-screen.js';
import { figureOf } from './overview-chart.js';
import { withNarrow } from './shown.js';

/** An audit's number and picture of the first screen. */
export function auditScreen(plotting: Plotting, results: Results): { headline: Headline | null; picture: Picture } {
  const { leaks } = results;
  const more = alone(results);
  const told = leaks!.log ? logHeadline(leaks!) : (given(leaks!, more) ?? recovered(results) ?? learnt(leaks!));
  const charts = withNarrow((width) => leakCharts(plotting, results, width).slice(0, 1));
  return { headline: told, picture: { charts } };
}

/**
 * What the most open of the interfaces gives away: it hangs on no search, and so on no time. Null where there is none of which that is
 * known.
 */
function given({ interfaces = [] }: Leaks, more: readonly string[]): Headline | null {
  const known = interfaces.filter(({ read }) => read !== null && read.kind !== 'not-shown');
  if (known.length === 0) return null;
  const exact = known.filter(({ read }) => read!.kind === 'exact');
  if (exact.length > 0) {
    const tried = interfaces.map(({ observe }) => observe);
    const names = publishedList(
      exact.map(({ observe }) => observe),
      tried,
    );
    return {
      figure: 'all',
      says: `of the features are given away by algebra, to whoever has those of some images: with ${names}`,
      more,
    };
  }
  const { observe, read } = known.reduce((a, b) => (b.read!.r2 > a.read!.r2 ? b : a));
  return {
    figure: read!.r2 >= nearlyAll ? '> 99.9 %' : `≥ ${share(Math.floor(100 * read!.r2 + 1e-9) / 100, 0)}`,
    says: `of how the features differ was read off ${inWords(observe)}, the most open of what was tried (${readOffInShort(read)}), with those of some images`,
    more,
  };
}

/** What came back from the outputs alone, a line below. */
function alone({ leaks, environment }: Results): string[] {
  const features = environment.models[0]?.featureDim;
  const recovery = leaks?.recovery;
  if (!recovery?.certified) return [];
  if (recovery.kind === 'sphere') return ['A normalised vector came back from the outputs alone.'];
  const many = `${count(recovery.features)}${features ? ` of ${count(features)}` : ''} features came back from the outputs alone`;
  return [recovery.cut ? `At least ${many}: the search was stopped after ${inTime(recovery.seconds)}.` : `${many}.`];
}

/** Features that came back from the outputs alone, of results that have nothing by interface. */
function recovered({ leaks, environment }: Results): Headline | null {
  const features = environment.models[0]?.featureDim;
  return leaks?.recovery?.kind === 'rectified' && features
    ? {
        figure: `${count(leaks.recovery.features)} of ${count(features)}`,
        says: leaks.recovery.cut
          ? `features or more recovered from the outputs alone: the search was stopped after ${inTime(leaks.recovery.seconds)}`
          : 'features recovered from the outputs alone',
      }
    : null;
}

/** What somebody needs who is to have all features by algebra; else the most that was read off. */
function learnt({ verdict }: Leaks): Headline | null {
  const finding = verdict.findings.find(({ kind }) => kind === 'learnt');
  if (finding?.kind !== 'learnt') return null;
  const { fitted, exact, best } = finding;
  return exact && fitted
    ? {
        figure: count(fitted),
        says: `images whose features somebody has are enough for those of every other image, from ${inWords(best.observe)}`,
      }
    : {
        figure: figureOf(best.r2, 'r2'),
        says: `of the features’ variance, or more, is read off ${inWords(best.observe)} by who has the features of some images`,
      };
}
