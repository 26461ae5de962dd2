import type { Compiled } from '../../compiler/index.ts'
import type { Ports } from '../../ports/index.ts'

type Needs = Pick<Ports, 'machines' | 'ids'>
type Made = Pick<Compiled, 'definition' | 'parts'>

/** What a machine and its parts are made of, in short: equal workflows, equal digests. */
export function digestOfMachine({ ids }: Pick<Needs, 'ids'>, { definition, parts }: Made): string {
  return ids.digest(JSON.stringify(parts.length > 0 ? [definition, ...parts] : definition))
}

/**
 * The ARN of the machine under this name, and of those that it starts: made unless they are there. The name belongs to
 * the content: what is there is the same.
 */
export async function ensureMachine(
  { machines }: Needs,
  name: string,
  { definition, parts }: Made,
): Promise<string> {
  const arns: Record<string, string> = {}
  // The inner ones first: the others name them.
  const names = partNames(name, parts.length)
  for (const [at, part] of parts.entries()) {
    const own = { name: String(names[at]), definition: withArns(part.definition, arns) }
    arns[part.name] = await machines.ensure(own)
  }
  return machines.ensure({ name, definition: withArns(definition, arns) })
}

/** Of the machines that a machine starts, in the order of its parts. */
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
