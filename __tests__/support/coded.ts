import { expect } from '@jest/globals';
import type { ErrorCode } from '../../lib/base/index.js';

/**
 * For `toThrow`: an error of this code whose message names these of the input (files, fields, numbers) in this order. What
 * else it says is free to change.
 */
export function coded(code: ErrorCode, ...names: readonly (string | number)[]): Error {
  const pattern = names.map((name) => escaped(String(name))).join('.*');
  return expect.objectContaining({
    code,
    message: expect.stringMatching(new RegExp(pattern, 's')),
  }) as unknown as Error;
}

const escaped = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&');
