import { rankNote } from '../words/index.js';
import type { ModelRecord, ResultRow } from './types.js';

/**
 * The note on the rank of a model's exact fit to its own logits; null where there is no such fit, or nothing to note.
 */
export function rankNoteOf(rows: readonly ResultRow[], models: readonly ModelRecord[]): string | null {
  const own = rows.find(
    ({ source, target, from, observe, alpha }) =>
      source === target && from === 'logits' && observe === undefined && alpha === 0,
  );
  const model = models.find(({ name }) => name === own?.source);
  if (!own || !model || own.rank === null) return null;
  return rankNote(own.rank, Math.min(model.featureDim, model.headRank), own.nTrain, own.variations);
}
