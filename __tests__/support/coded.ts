import { expect } from '@jest/globals';
import type { ErrorCode } from '../../lib/base/index.js';

/** What of the input a text names: files, fields, numbers, or the one word that tells a reason from others. */
type Names = readonly (string | number)[];

/**
 * For `toThrow`: an error of this code whose message names these of the input (files, fields, numbers) in this order. What
 * else it says is free to change.
 */
export const coded = (code: ErrorCode, ...names: Names): Error =>
  expect.objectContaining({ code, message: expect.stringMatching(naming(...names)) }) as unknown as Error;

/** For `toMatch`: a text that names these in this order. A number is not a part of a larger one. */
export const naming = (...names: Names): RegExp => new RegExp(names.map(pattern).join('.*'), 's');

const pattern = (name: string | number): string =>
  typeof name === 'string' ? escaped(name) : `(?<![\\d.,])${escaped(String(name))}(?![.,]?\\d)`;

const escaped = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&');
