/**
 * Rows of a block. Statistics are made of whole blocks, counted from a data set's first image, so that the same images give
 * the same bits however they are spread over machines; shards are cut at multiples of it.
 */
export const blockRows = 4096;
