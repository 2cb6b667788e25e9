import { defaultRcond, type Statistics } from '../fit/index.js';
import { eigenvaluesInTurns } from '../linalg/index.js';
import type { SpectrumRecord } from '../results/index.js';

/** More points than this add nothing to a picture. */
const most = 256;

/** The spectrum of what the maps from a source read. Takes about p³ operations: not part of a fit's time. */
export async function spectrumOf(
  { gram, p, dtype }: Pick<Statistics, 'gram' | 'p' | 'dtype'>,
  {
    rcond = defaultRcond(dtype),
    signal,
    ...of
  }: Pick<SpectrumRecord, 'source' | 'from' | 'train'> & { rcond?: number; signal?: AbortSignal },
): Promise<SpectrumRecord> {
  const values = await eigenvaluesInTurns(gram, p, signal);
  const cut = rcond * values[0];
  const rank = values.reduce((count, value) => count + (value > cut ? 1 : 0), 0);
  return { ...of, p, rank, cut, eigenvalues: thinned(p, rank).map((i) => [i + 1, values[i]]) };
}

/** Evenly spaced places, and all of those around the cut, where the question is how sharp it is. */
function thinned(p: number, rank: number): number[] {
  if (p <= most) return Array.from({ length: p }, (_, i) => i);
  const places = new Set<number>([0, p - 1]);
  const around = 8;
  for (let i = Math.max(0, rank - around); i < Math.min(p, rank + around); i++) places.add(i);
  for (let k = 0; k < most; k++) places.add(Math.round((k * (p - 1)) / (most - 1)));
  return [...places].sort((a, b) => a - b);
}
