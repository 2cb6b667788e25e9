import { leftOutInWords, count, shortSpec } from '../words/index.js';
import { type DatasetRecord } from './types.js';

/** Sentences on images that the figures leave out, and on copies, for each data set and kind. */
export const leftOutNotes = (datasets: readonly DatasetRecord[]): string[] => [
  ...new Set(datasets.flatMap((set) => [...missing(set), ...copies(set)])),
];

function missing({ spec, size, skipped, firstSkipped, leftOut }: DatasetRecord): string[] {
  // Every slice of a folder misses the same files, so that one sentence is on the folder.
  const folder = shortSpec(spec).replace(/(\[[^\]]*\])+$/, '');
  const kinds = leftOut ? [leftOutInWords(leftOut)] : [];
  const isSlice = folder !== shortSpec(spec);
  const parts = [
    ...(isSlice ? [] : kinds),
    ...(skipped > 0
      ? [
          `${count(skipped)} of ${count(size)} images, which cannot be decoded${firstSkipped === undefined ? '' : ` (the first: ${firstSkipped})`}`,
        ]
      : []),
  ];
  return [
    ...(isSlice ? kinds : []).map((text) => `Left out of ${folder}: ${text}.`),
    ...(parts.length === 0 ? [] : [`Left out of ${shortSpec(spec)}: ${parts.join(', and ')}.`]),
  ];
}

const copies = ({ spec, duplicates = 0 }: DatasetRecord): string[] =>
  duplicates === 0
    ? []
    : [
        `${count(duplicates)} ${duplicates === 1 ? 'image' : 'images'} of ${shortSpec(spec)} ${duplicates === 1 ? 'is a copy' : 'are copies'} of others; an image counts once.`,
      ];

/** What was left out of a data set, for a cell: `3 bad, 45 .heic`. */
export function leftOutCell({ skipped, leftOut = {} }: DatasetRecord): string {
  const kinds = Object.entries(leftOut).map(([ending, files]) => `${count(files)} ${ending}`);
  if (kinds.length === 0) return count(skipped);
  return [...(skipped > 0 ? [`${count(skipped)} bad`] : []), ...kinds].join(', ');
}
