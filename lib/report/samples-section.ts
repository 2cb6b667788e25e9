import { option, withOptions } from '../base/index.js';
import {
  type LikelyClass,
  type NamedClass,
  type SampleGroup,
  type SampleImage,
  isThumbnail,
  pairName,
} from '../results/index.js';
import { brief, count, share, shortSpec } from '../words/index.js';
import { markup, type Markup } from './html.js';

/** Most groups that are shown open: more are folded, each under a line of its own. */
const mostOpen = 2;
const mostGroups = 60;

/** Most characters of a page that images take, of its 2 MB, and about how many one takes beside its picture. */
const room = 1e6;
const besidePicture = 4000;

/**
 * Some test images, each with the first answers of the model and of its head on the features read back.
 * @param flags whether options have the names of the command line
 */
export function samplesSection(samples: readonly SampleGroup[], flags: boolean): Markup | null {
  const groups = fitting(samples).slice(0, mostGroups);
  if (groups.length === 0) return null;
  const images = (of: readonly SampleGroup[]): number => of.reduce((sum, group) => sum + group.images.length, 0);
  const left = images(samples) - images(groups);
  const unnamed = groups.some(({ images }) =>
    images.some(({ original }) => original.some(({ name }) => name === null)),
  );
  return markup`<h3>Some of the test images</h3>
    <p class="note">
      Left of each pair the model’s own likeliest answers, right those of its last layer on the features read back.
      Images on which the first answers differ are chosen first, so that these are no fair sample; those of a kind run
      from the least clear answer to the clearest.${unnamed ? ` Classes are numbers, counted from 0, where ${withOptions(option('classNames'), (property, flag) => (flags ? flag : property))} gave them no name.` : null}
    </p>
    ${groups.map((group, i) =>
      groups.length <= mostOpen
        ? markup`<h4>${titleOf(group)}</h4>${cards(group)}`
        : markup`<details class="fold"${i === 0 ? markup` open` : null}>
            <summary>${titleOf(group)}</summary>
            ${cards(group)}
          </details>`,
    )}
    ${left > 0 ? markup`<p class="note">${count(left)} more ${left === 1 ? 'is' : 'are'} in results.json.</p>` : null}`;
}

/** The first images for which a page has room. */
function fitting(samples: readonly SampleGroup[]): SampleGroup[] {
  let taken = 0;
  const fits = ({ picture }: SampleImage): boolean => (taken += besidePicture + (picture?.length ?? 0)) <= room;
  return samples
    .map((group) => ({ ...group, images: group.images.filter(fits) }))
    .filter(({ images }) => images.length > 0);
}

function titleOf(group: SampleGroup): string {
  const differ = group.images.filter(({ kind }) => kind === 'differs').length;
  const fit = group.sgd ? ', by SGD' : group.alpha ? `, ridge α = ${brief(group.alpha)}` : '';
  return `${pairName(group)}${fit}, on ${shortSpec(group.test)}: ${differ === 0 ? 'the same answer on all' : `another answer on ${differ}`} of these ${count(group.images.length)}`;
}

const cards = ({ images }: SampleGroup): Markup => markup`<ul class="samples">
  ${images.map(card)}
</ul>`;

const verdicts: Record<SampleImage['kind'], string> = {
  differs: '≠ another answer',
  tie: '= the same answer, of a tie',
  outside: '= the same answer, outside the span',
  agrees: '= the same answer',
};

function card({ id, kind, label, picture, original, reconstructed }: SampleImage): Markup {
  const labelled = label ? `, labelled ${nameOf(label)}` : '';
  return markup`<li class="sample ${kind}">
    ${
      picture !== null && isThumbnail(picture)
        ? markup`<img src="${picture}" alt="${id}${labelled}" width="80" height="80" />`
        : markup`<div class="no-picture">no picture</div>`
    }
    <div class="about">
      <p class="verdict-of-one">${verdicts[kind]}</p>
      <p class="meta">${id}${label ? markup`<br />labelled <b>${nameOf(label)}</b>` : null}</p>
    </div>
    ${answers('the model itself', original)} ${answers('read back', reconstructed, original)}
  </li>`;
}

/** A short ranked list with bars; classes that had another place in the list `before` show which. */
function answers(title: string, classes: readonly LikelyClass[], before?: readonly LikelyClass[]): Markup {
  return markup`<div class="answers">
    <p class="meta">${title}</p>
    <ol>
      ${classes.map((each, rank) => {
        const was = before ? before.findIndex(({ index }) => index === each.index) : rank;
        const moved = was === rank ? null : markup` <em>${was < 0 ? 'new' : `was ${was + 1}.`}</em>`;
        return markup`<li>
          <span class="name">${nameOf(each)}${moved}</span> <span class="value">${share(each.probability, 0)}</span>
          <i style="width:${(100 * each.probability).toFixed(1)}%"></i>
        </li>`;
      })}
    </ol>
  </div>`;
}

const nameOf = ({ index, name }: NamedClass): string => name ?? `class ${index}`;
