import { count, type Notice } from '../words/index.js';
import { type DatasetRecord } from './types.js';

/** Notices on images that the figures leave out, and on copies, for each data set and kind. */
export const leftOutNotices = (datasets: readonly DatasetRecord[]): Notice[] =>
  datasets.flatMap((set) => [...missing(set), ...copies(set)]);

function missing({ spec, size, skipped, firstSkipped, leftOut }: DatasetRecord): Notice[] {
  // A log's own notes say which of its records, and no image of it could be decoded.
  if (spec.startsWith('outputs:')) return [];
  // Every slice of a folder misses the same files, so that one notice is on the folder.
  const folder = spec.replace(/(\[[^\]]*\])+$/, '');
  const files = leftOut && { files: leftOut };
  const bad = skipped > 0 && { bad: { images: skipped, of: size, first: firstSkipped } };
  if (folder === spec) return files || bad ? [{ kind: 'left-out', dataset: spec, ...files, ...bad }] : [];
  return [
    ...(files ? [{ kind: 'left-out' as const, dataset: folder, ...files }] : []),
    ...(bad ? [{ kind: 'left-out' as const, dataset: spec, ...bad }] : []),
  ];
}

const copies = ({ spec, duplicates = 0 }: DatasetRecord): Notice[] =>
  duplicates === 0 ? [] : [{ kind: 'copies', dataset: spec, images: duplicates }];

/** What was left out of a data set, for a cell: `3 bad, 45 .heic`. */
export function leftOutCell({ skipped, leftOut = {} }: DatasetRecord): string {
  const kinds = Object.entries(leftOut).map(([ending, files]) => `${count(files)} ${ending}`);
  if (kinds.length === 0) return count(skipped);
  return [...(skipped > 0 ? [`${count(skipped)} bad`] : []), ...kinds].join(', ');
}
