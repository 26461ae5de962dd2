import type { Compiled } from '../../compiler/index.ts'
import { DEFAULT_TENANT } from '../../domain/caller.ts'
import type { Ports } from '../../ports/index.ts'

type Needs = Pick<Ports, 'machines' | 'ids'>
type Made = Pick<Compiled, 'definition' | 'parts'>

/** The digest of a machine and its parts: equal workflows of one tenant have equal digests, those of two tenants never. */
export function digestOfMachine(
  { ids }: Pick<Needs, 'ids'>,
  { definition, parts }: Made,
  tenant: string,
): string {
  const digest = ids.digest(JSON.stringify(parts.length > 0 ? [definition, ...parts] : definition))
  return tenant === DEFAULT_TENANT ? digest : ids.digest(`${tenant}\n${digest}`)
}

/**
 * Creates the machine under this name, and the machines of its parts, unless they exist; returns its ARN. The name is derived from the
 * content, so an existing machine is equal.
 */
export async function ensureMachine(
  { machines }: Needs,
  name: string,
  { definition, parts }: Made,
): Promise<string> {
  const arns: Record<string, string> = {}
  // Inner machines first, because the others refer to them by name.
  const names = partNames(name, parts.length)
  for (const [at, part] of parts.entries()) {
    const own = { name: String(names[at]), definition: withArns(part.definition, arns) }
    arns[part.name] = await machines.ensure(own)
  }
  return machines.ensure({ name, definition: withArns(definition, arns) })
}

/** The names of the machines of the parts, in order. */
export function partNames(name: string, parts: number): string[] {
  return Array.from({ length: parts }, (_, at) => `${name}-part${at + 1}`)
}

function withArns(definition: object, arns: Readonly<Record<string, string>>): object {
  if (Object.keys(arns).length === 0) return definition
  const filled = JSON.stringify(definition).replace(
    /\$\{(\w+)\}/g,
    (whole, name: string) => arns[name] ?? whole,
  )
  return JSON.parse(filled) as object
}
