/**
 * Math's functions for loops over millions of numbers, by name: in a realm such as Jest's a look at the global `Math` takes
 * longer than the function.
 */
export const { PI, abs, atan2, ceil, exp, floor, fround, hypot, imul, log, max, min, round, sqrt } = Math;
