import type { Reader } from './readers.mjs';
export function fault(reader: Reader, path: string): Promise<Error | null>;
