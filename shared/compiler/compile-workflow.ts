import type { Issue } from '../domain/issue.ts'
import type { Gate } from '../domain/plan.ts'
import { type Graph, transitiveReduction } from '../workflow/graph.ts'
import type { AgentStep, Workflow } from '../workflow/schema.ts'
import { graphOfWorkflow } from '../workflow/step-needs.ts'
import type { Definition, Flow, Onward, State } from './asl.ts'
import { decompose, primesOf, type Tree } from './decompose.ts'
import { statesOfStep } from './step-states.ts'
import { issuesOfUnsupported } from './unsupported.ts'

const MAX_STATE_NAME = 80
const MAX_DEFINITION_BYTES = 1_000_000

type Counts = {
  steps: number
  states: number
  /** States entered on the normal path, plus one for the end: what Standard workflows bill. */
  transitions: number
  definitionBytes: number
}

export type Compiled = {
  definition: Definition
  /** Names in `${...}` that whoever creates the state machine fills in. */
  substitutions: string[]
  /** Waits that the structure does not express; none until graphs that need them are supported. */
  gates: Gate[]
  counts: Counts
}

type CompileResult = { compiled: Compiled; issues: [] } | { compiled?: undefined; issues: Issue[] }

/** A validated workflow as a state machine, or every reason why it cannot be one. Pure; equal workflows, equal bytes. */
export function compileWorkflow(workflow: Workflow): CompileResult {
  const unsupported = issuesOfUnsupported(workflow)
  if (unsupported.length > 0) return { issues: unsupported }
  const graph = transitiveReduction(graphOfWorkflow(workflow))
  const tree = decompose(graph)
  const primes = primesOf(tree)
  if (primes.length > 0) return { issues: primes.map((ids) => issueOfPrime(ids, graph)) }

  const flow = flowOf(tree, { steps: workflow.steps as Record<string, AgentStep>, used: new Set() })
  const definition: Definition = {
    Comment: `${workflow.name} v${workflow.version}`,
    QueryLanguage: 'JSONata',
    ...flow,
  }
  const definitionBytes = new TextEncoder().encode(JSON.stringify(definition)).length
  if (definitionBytes > MAX_DEFINITION_BYTES) return { issues: [issueOfSize(definitionBytes)] }
  const counts = {
    steps: graph.size,
    states: countStates(flow),
    transitions: countEntered(tree) + 1,
    definitionBytes,
  }
  return { compiled: { definition, substitutions: ['RebindFunction'], gates: [], counts }, issues: [] }
}

/** State names are unique across all branches of a machine, so the ones given out are remembered. */
type Scope = { steps: Record<string, AgentStep>; used: Set<string> }

function flowOf(tree: Tree, scope: Scope): Flow {
  const states: Record<string, State> = {}
  const StartAt = addStates(tree, { End: true }, scope, states)
  return { StartAt, States: states }
}

/** Adds the states of `tree`, which then goes `onward`; answers the name of its first state. */
function addStates(tree: Tree, onward: Onward, scope: Scope, states: Record<string, State>): string {
  if (tree.kind === 'step') {
    Object.assign(states, statesOfStep(tree.id, scope.steps[tree.id] as AgentStep, onward))
    return tree.id
  }
  if (tree.kind === 'parallel') {
    const name = parallelName(tree, scope.used)
    const Branches = tree.branches.map((branch) => flowOf(branch, scope))
    states[name] = { Type: 'Parallel', Branches, Output: '{% {} %}', ...onward }
    return name
  }
  if (tree.kind === 'prime') throw new Error('a prime set has no states')
  // From the last part to the first: each needs the name of what follows. Their states are then put in reading order.
  const flows: Record<string, State>[] = []
  let next = onward
  for (const part of tree.parts.toReversed()) {
    const own: Record<string, State> = {}
    next = { Next: addStates(part, next, scope, own) }
    flows.unshift(own)
  }
  Object.assign(states, ...flows)
  return 'Next' in next ? next.Next : ''
}

/** Says what runs side by side; shortened and numbered where 80 characters are not enough. */
function parallelName(tree: Tree & { kind: 'parallel' }, used: Set<string>): string {
  const firsts = tree.branches.map(firstStep)
  const full = firsts.join(' | ')
  const short = full.length <= MAX_STATE_NAME ? full : `${firsts[0]} | ${tree.branches.length - 1} more`
  let name = short
  for (let copy = 2; used.has(name); copy++) name = `${short} (${copy})`
  used.add(name)
  return name
}

function firstStep(tree: Tree): string {
  if (tree.kind === 'step') return tree.id
  if (tree.kind === 'prime') return tree.ids[0] ?? ''
  return firstStep((tree.kind === 'sequence' ? tree.parts[0] : tree.branches[0]) as Tree)
}

function countStates(flow: Flow): number {
  const inner = Object.values(flow.States).flatMap((state) =>
    state.Type === 'Parallel' ? state.Branches : [],
  )
  return Object.keys(flow.States).length + inner.reduce((sum, branch) => sum + countStates(branch), 0)
}

function countEntered(tree: Tree): number {
  if (tree.kind === 'step') return 1
  const parts = tree.kind === 'sequence' ? tree.parts : tree.kind === 'parallel' ? tree.branches : []
  return parts.reduce((sum, part) => sum + countEntered(part), tree.kind === 'parallel' ? 1 : 0)
}

function issueOfPrime(ids: string[], graph: Graph): Issue {
  const edges = ids.flatMap((id) =>
    [...(graph.get(id) ?? [])].filter((need) => ids.includes(need)).map((need) => `${need} -> ${id}`),
  )
  const message =
    `the steps ${ids.join(', ')} depend on each other in a way that needs gates, which are not built yet ` +
    `(${edges.join(', ')}); add or remove an edge so that they nest`
  return { code: 'needs-gates', path: 'steps', message }
}

function issueOfSize(bytes: number): Issue {
  const message = `the definition has ${bytes} bytes; Step Functions accepts ${MAX_DEFINITION_BYTES}: split the workflow`
  return { code: 'definition-too-large', path: 'steps', message }
}
