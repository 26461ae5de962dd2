/** The same names, each with what `of` makes of its value. */
export const valuesOf = <T>(
  all: Readonly<Record<string, T>>,
  of: (one: T) => string,
): Record<string, string> => Object.fromEntries(Object.entries(all).map(([name, one]) => [name, of(one)]))
