/** What a reader made of a file: it was read, or refused in a sentence; all else is a fault. */
import { FeatReconstructError } from '../../dist/index.js';

/** Errors of the language itself: no sentence for people, even inside one of ours. */
const raw = ['TypeError', 'RangeError', 'ReferenceError', 'SyntaxError'];

/** @returns null for a file that was read, or refused as it has to be; else the error */
export async function fault(reader, path) {
  try {
    await reader.read(path);
    return null;
  } catch (error) {
    if (!(error instanceof FeatReconstructError)) return error;
    const { cause } = error;
    // What JSON.parse finds wrong is a sentence; what else the language says of itself may not reach people.
    const isRaw = cause instanceof Error && raw.includes(cause.name) && !/JSON/.test(cause.message);
    return isRaw && error.message.includes(cause.message) ? cause : null;
  }
}
