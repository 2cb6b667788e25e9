/** Transforms as callers of the library get them: with names of options looked at. */
import { checkedCall } from '../base/index.js';
import { checkTransformArguments } from './known-options.js';
import * as transforms from './transform.js';

/** @function */
export const makeTransform: typeof transforms.makeTransform = checkedCall(
  transforms.makeTransform,
  'makeTransform',
  checkTransformArguments,
);
