/** What one row of logits says: its arg-max (ties: the lowest index, as in NumPy), and how clear it is. */
export interface Top {
  /** The arg-max. */
  index: number;
  /** The largest logit less the second largest; 0 is a tie, Infinity where there is one class only. */
  margin: number;
  /** The largest absolute value of the row: float32's rounding, and so what a right map may get wrong, scales with it. */
  scale: number;
  /** False where the row holds NaN or an infinity; the rest is then meaningless. */
  finite: boolean;
}

/** Reads `count` logits from `offset` on into `into`, one pass. */
export function readTop(values: Float32Array | Float64Array, offset: number, count: number, into: Top): Top {
  let index = 0;
  let best = -Infinity;
  let next = -Infinity;
  let scale = 0;
  let check = 0;
  for (let i = 0; i < count; i++) {
    const value = values[offset + i];
    // 0 for every finite number, NaN for the others.
    check += value - value;
    if (value > best) {
      next = best;
      best = value;
      index = i;
    } else if (value > next) next = value;
    const size = Math.abs(value);
    if (size > scale) scale = size;
  }
  into.index = index;
  into.margin = best - next;
  into.scale = scale;
  into.finite = check === 0;
  return into;
}

/** How many classes come before `target` in the row when it is sorted downward, equal values by index: 0 for the arg-max. */
export function rankOf(target: number, values: Float32Array | Float64Array, offset: number, count: number): number {
  const own = values[offset + target];
  let before = 0;
  for (let i = 0; i < count; i++) {
    const value = values[offset + i];
    if (value > own || (value === own && i < target)) before++;
  }
  return before;
}
