/**
 * Math's functions for loops over millions of numbers, looked up once: in a vm context such as Jest's, looking up the
 * global `Math` takes longer than the function.
 */
export const { PI, abs, atan2, ceil, exp, floor, fround, hypot, imul, log, max, min, round, sqrt } = Math;
