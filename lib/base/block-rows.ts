/**
 * Rows of a block. Statistics are made of whole blocks, counted from a data set's first image, and shards are cut at
 * multiples of this number: so the same images give the same bits however they are spread over machines.
 */
export const blockRows = 4096;
