/** Service integrations of a definition, in the partition of most regions. */
const SERVICES = /"arn:aws:states:::/g
const NAMES = /\$\{(\w+)\}/g

/** A definition's text with the placeholder `${Partition}`, for deployment to any partition. */
export const withPartition = (definition: string): string =>
  definition.replace(SERVICES, '"arn:${Partition}:states:::')

/** Substitutes the `${...}` placeholders of a definition; unknown ones stay. */
export const fillIn = (definition: string, values: Readonly<Record<string, string>>): string =>
  definition.replace(NAMES, (whole, name: string) => values[name] ?? whole)
