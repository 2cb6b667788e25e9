/** Of each kind some items with their sentences: a kind that is left out does not compile. */
export type Said<Item extends { kind: string }> = {
  [Kind in Item['kind']]: [Extract<Item, { kind: Kind }>, string][];
};
