import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

/** A file of goldens/tensor.py. */
export const fixture = (name: string): string => fileURLToPath(new URL(`../fixtures/tensor/${name}`, import.meta.url));

/** A folder for the files of one test suite, removed after it. */
export function scratchFolder(): (name: string) => string {
  const folder = mkdtempSync(path.join(tmpdir(), 'featreconstruct-tensor-'));
  afterAll(() => rmSync(folder, { recursive: true }));
  return (name) => path.join(folder, name);
}

/** As goldens/tensor.py has it: -3, -2.5, -2, … */
export const values = (count: number): number[] => Array.from({ length: count }, (_, i) => i * 0.5 - 3);
