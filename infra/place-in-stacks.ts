/**
 * Assigns agents and workflows to stacks. CloudFormation allows 500 resources per stack, so those that do not fit into
 * the runtime stack are spread over nested stacks. Resources are counted before the synthesis.
 *
 * Invariants (tests cite them):
 * stacks/S1 deployed agents and workflows stay in their stacks: moving one would create a second resource of the same
 *    name, which fails
 * stacks/S2 no stack exceeds CloudFormation's limits
 * stacks/S3 as few nested stacks as possible: the runtime stack is filled first, then each nested stack before the next
 */
import type { Catalogue } from './catalogue.ts'
import { CatalogueError } from './load-catalogue.ts'

/** By name, the number of the nested stack; 0 is the runtime stack itself. */
export type Places = Readonly<Record<string, number>>
export type Placement = { agents: Places; workflows: Places }

type Counted = { agents: readonly string[]; workflows: readonly { name: string; parts: number }[] }

/** CloudFormation's limit of resources in one stack, with room for later releases; and in a stack with all its nested stacks. */
const MOST_IN_A_STACK = 480
const MOST_IN_ALL = 2_400
/** The registration names all workflows in one template, which takes 1 MB. */
const MOST_WORKFLOWS_IN_ALL = 700
/** Other resources of the runtime stack: its own functions, the API's routes, roles. */
const OF_THE_STACK_ITSELF = 145
/** Resources for each agent: function, log group, role, policy. */
const OF_AN_AGENT = 4
const MOST_AGENTS = 80
/** Each workflow has an output for its revision, and a template takes 200. */
const MOST_WORKFLOWS = 180

/** Resources for each workflow: a state machine, and for each part a machine and a version. */
const ofWorkflow = (parts: number): number => 1 + 2 * parts

/** The placement of a catalogue; `placed` is what is deployed already, undefined at a first deployment. Throws CatalogueError. */
export function placementOf(catalogue: Catalogue, placed?: Partial<Placement>): Placement {
  const agents = catalogue.agents.map(({ manifest }) => manifest.id)
  const workflows = catalogue.workflows.map(({ workflow, compiled }) => {
    return { name: workflow.name, parts: compiled.parts.length }
  })
  return placeInStacks({ agents, workflows }, placed)
}

/** Throws CatalogueError when the catalogue exceeds one installation, with what would help. */
export function placeInStacks({ agents, workflows }: Counted, placed: Partial<Placement> = {}): Placement {
  const sizes = new Map(workflows.map(({ name, parts }) => [name, ofWorkflow(parts)]))
  const ofWorkflows = [...sizes.values()].reduce((sum, size) => sum + size, 0)
  const all = OF_THE_STACK_ITSELF + agents.length * OF_AN_AGENT + ofWorkflows
  if (all > MOST_IN_ALL || workflows.length > MOST_WORKFLOWS_IN_ALL)
    throw tooMany(agents.length, workflows.length, all)
  const root = MOST_IN_A_STACK - OF_THE_STACK_ITSELF
  const ofAgents = fill(agents, () => OF_AN_AGENT, placed.agents ?? {}, {
    root: Math.min(root - rootShare(sizes, placed.workflows), MOST_AGENTS * OF_AN_AGENT),
    nested: MOST_AGENTS * OF_AN_AGENT,
    most: MOST_AGENTS,
  })
  const taken = Object.values(ofAgents).filter((stack) => stack === 0).length * OF_AN_AGENT
  const ofNames = fill([...sizes.keys()], (name) => sizes.get(name) ?? 1, placed.workflows ?? {}, {
    root: root - taken,
    nested: MOST_IN_A_STACK,
    most: MOST_WORKFLOWS,
  })
  return { agents: ofAgents, workflows: ofNames }
}

/** The resources of the runtime stack that its deployed workflows take (stacks/S1). */
function rootShare(sizes: ReadonlyMap<string, number>, placed: Places = {}): number {
  return [...sizes].reduce((sum, [name, size]) => (placed[name] === 0 ? sum + size : sum), 0)
}

type Room = { root: number; nested: number; most: number }

function fill(
  names: readonly string[],
  sizeOf: (name: string) => number,
  placed: Places,
  room: Room,
): Places {
  const stacks: { left: number; count: number }[] = []
  const stackAt = (at: number) => {
    stacks[at] ??= { left: at === 0 ? room.root : room.nested, count: 0 }
    return stacks[at]
  }
  const put = (name: string, at: number): [string, number] => {
    const stack = stackAt(at)
    stack.left -= sizeOf(name)
    if (at > 0) stack.count++
    return [name, at]
  }
  const known = names.flatMap((name) => {
    const at = Object.hasOwn(placed, name) ? placed[name] : undefined
    return at === undefined ? [] : [put(name, at)]
  })
  const there = new Set(known.map(([name]) => name))
  const added = names
    .filter((name) => !there.has(name))
    .map((name) => {
      let at = 0
      while (stackAt(at).left < sizeOf(name) || stackAt(at).count >= room.most) at++
      return put(name, at)
    })
  return Object.fromEntries([...known, ...added])
}

function tooMany(agents: number, workflows: number, all: number): CatalogueError {
  const message =
    `${agents} agents and ${workflows} workflows would be about ${all} resources; an installation takes ${MOST_IN_ALL}, and ${MOST_WORKFLOWS_IN_ALL} workflows. ` +
    'Spread them over two installations, each with a prefix of its own, or publish workflows at run time (orchestrator register)'
  return new CatalogueError(message)
}
