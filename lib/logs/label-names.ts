import { isIdName } from './row-ids.js';

/** Names of columns of labels, the likeliest first. */
const ofLabels = [
  /^(top_?1|pred(icted|iction)?)?[_ ]?(label|class(_?name)?)$/i,
  /^(top_?1|best|winner|pred|prediction|predicted)(_?\w+)?$/i,
  /(^|[^a-z])(label|class|category|klasse|kategorie)([^a-z]|$)/i,
];

/** How likely a column is one of labels by its name: 0 is the likeliest, Infinity is none. */
export const labelPlace = (name: string): number => {
  const last = name
    .split('.')
    .at(-1)!
    .replace(/([a-z])([A-Z])/g, '$1_$2');
  const place = ofLabels.findIndex((pattern) => pattern.test(last));
  return place < 0 || isIdName(last) ? Infinity : place;
};
