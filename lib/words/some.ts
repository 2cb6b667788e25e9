/** The first of many rows or names, for people. */
export const some = (all: readonly (number | string)[], most = 8): string =>
  `${all.slice(0, most).join(', ')}${all.length > most ? ` and ${all.length - most} more` : ''}`;
