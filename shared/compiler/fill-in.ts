/** Where every resource of a definition is addressed: the partition of most regions. */
const SERVICES = /"arn:aws:states:::/g
const NAMES = /\$\{(\w+)\}/g

/** The text of a definition for whichever partition it is deployed to: `${Partition}` is one of the names to fill in. */
export const withPartition = (definition: string): string =>
  definition.replace(SERVICES, '"arn:${Partition}:states:::')

/** A definition with values for its `${...}`; names without one stay as they are. */
export const fillIn = (definition: string, values: Readonly<Record<string, string>>): string =>
  definition.replace(NAMES, (whole, name: string) => values[name] ?? whole)
