import { type Results, leftOutCell } from '../results/index.js';
import { brief, count, seconds, shortSpec } from '../words/index.js';
import { mostShown } from './shown.js';
import { table } from './html-table.js';
import { escape, markup, Markup } from './html.js';

/** What the figures were made with, and the command that makes them again. */
export function provenance({ environment: of }: Results): Markup {
  return markup`<h3>How to make it again</h3>
    ${of.command === null ? null : markup`<pre><code>${new Markup(escape(of.command))}</code></pre>`}
    <p class="note">
      featreconstruct ${of.featreconstruct}, ONNX Runtime ${of.onnxruntime} (${of.provider}), Node ${of.node},
      ${of.platform}, ${of.cpu}, ${of.cores} cores;
      ${of.date}${of.jointSeconds === null ? '' : `; the joint Gram and all maps took ${seconds(of.jointSeconds)}`}.
    </p>
    ${
      of.models.length === 0
        ? null
        : table(
            [
              { heading: 'model', cell: ({ name }) => name },
              { heading: 'features d', align: 'right', cell: ({ featureDim }) => count(featureDim) },
              { heading: 'classes c', align: 'right', cell: ({ classCount }) => count(classCount) },
              { heading: 'rank of the head', align: 'right', cell: ({ headRank }) => count(headRank) },
              { heading: 'its condition', align: 'right', cell: ({ headCondition }) => brief(headCondition) },
              { heading: 'seen through', cell: ({ transform }) => transform?.name ?? 'ready tensors' },
              { heading: 'SHA-256', cell: ({ digest }) => digest.slice(0, 12) },
            ],
            [{ heading: null, rows: of.models.slice(0, mostShown) }],
            { label: 'Models' },
          )
    }
    ${table(
      [
        { heading: 'data set', cell: ({ spec }) => shortSpec(spec) },
        {
          heading: 'images',
          align: 'right',
          cell: ({ size, part }) => (part ? `${count(size)} of ${count(part.of)}` : count(size)),
        },
        { heading: 'left out', align: 'right', cell: leftOutCell },
        { heading: 'SHA-256', cell: ({ digest }) => digest.slice(0, 12) },
      ],
      [{ heading: null, rows: of.datasets.slice(0, mostShown) }],
      { label: 'Data sets' },
    )}`;
}
