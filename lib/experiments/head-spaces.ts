import { headSpace, type HeadSpace } from '../fit/index.js';
import type { LinearMap } from '../tensor/index.js';

const spaces = new WeakMap<LinearMap, Promise<HeadSpace>>();

/** What the Gram of a store's head tells of it, computed once for all that is fitted and judged with it. */
export function spaceOf(head: LinearMap): Promise<HeadSpace> {
  const found = spaces.get(head) ?? headSpace(head);
  spaces.set(head, found);
  return found;
}
