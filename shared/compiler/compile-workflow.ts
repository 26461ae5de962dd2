import { isOrchestratorError, OrchestratorError } from '../domain/errors.ts'
import { describeIssues, type Issue } from '../domain/issue.ts'
import type { Gate } from '../domain/plan.ts'
import { issuesOfCycle, transitiveReduction } from '../workflow/graph.ts'
import { isAgentStep, type Step, stepKind, type Workflow } from '../workflow/schema.ts'
import { graphOfWorkflow } from '../workflow/step-needs.ts'
import type { Definition, Flow, Onward, State } from './asl.ts'
import { byPosition } from './by-position.ts'
import { statesOfControlled, statesOfFanOut } from './control-states.ts'
import type { Tree } from './decompose.ts'
import { flowOf } from './flow.ts'
import { gateState } from './gate-state.ts'
import { orderOf } from './order.ts'
import { type StepNames, statesOfStep } from './step-states.ts'
import { structureOf } from './structure.ts'
import { issuesOfUnsupported } from './unsupported.ts'

const SUBSTITUTIONS = ['RebindFunction', 'ControlFunction', 'TasksTable']
/** A step that is told apart by what it does alone. */
const IN_PLACE = { name: '', path: '{% %}' }
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
  /** Waits that the structure does not express. */
  gates: Gate[]
  counts: Counts
  /** In a machine whose names are positions: which one each step has. */
  positions?: Record<string, string> | undefined
}

type Options = {
  /** Names by position, so that workflows of one shape and policy become the same machine. */
  anonymous?: boolean
}

/**
 * A workflow as a state machine. Pure; equal workflows, equal bytes. Throws InvalidWorkflowError with every reason why it
 * cannot be one.
 */
export function compileWorkflow(workflow: Workflow, { anonymous = false }: Options = {}): Compiled {
  refuse(issuesOfUnsupported(workflow))
  const graph = graphOfWorkflow(workflow)
  refuse(issuesOfCycle(graph))
  const { ids, order } = orderOf(transitiveReduction(graph))
  const structure = structureOf(order)
  const { gates } = structure
  const idOf = (node: number): string => ids[node] as string
  const stepOf = (node: number): Step => workflow.steps[idOf(node)] as Step
  const policyOf = (node: number): string => JSON.stringify(statesOf(IN_PLACE, stepOf(node), { End: true }))
  const { tree, nameOf } = anonymous
    ? byPosition(structure, policyOf)
    : { tree: structure.tree, nameOf: idOf }
  const flow = flowOf(tree, {
    nameOf,
    statesOf: (node, onward) => {
      const name = nameOf(node)
      const path = anonymous ? `{% $states.context.Execution.Input.steps.${name} %}` : name
      const names = { name, path }
      const gate = gates.get(node)
      const states = statesOf(names, stepOf(node), onward)
      if (!gate) return states
      const [entry] = Object.keys(states)
      return { [`${name}: gate`]: gateState(names, gate.length, entry), ...states }
    },
  })
  const definition: Definition = {
    ...(anonymous ? {} : { Comment: `${workflow.name} v${workflow.version}` }),
    QueryLanguage: 'JSONata',
    ...flow,
  }
  const text = JSON.stringify(definition)
  const definitionBytes = new TextEncoder().encode(text).length
  if (definitionBytes > MAX_DEFINITION_BYTES) refuse([issueOfSize(definitionBytes)])
  const counts = {
    steps: ids.length,
    states: countStates(flow),
    transitions: countEntered(tree, (node) => statesEntered(stepOf(node))) + gates.size + 1,
    definitionBytes,
  }
  const substitutions = SUBSTITUTIONS.filter((name) => text.includes(`\${${name}}`))
  const waits = [...gates].map(([node, after]) => ({ before: idOf(node), after: after.map(idOf) }))
  const positions = anonymous && Object.fromEntries(ids.map((id, node) => [id, nameOf(node)]))
  return { definition, substitutions, gates: waits, counts, ...(positions ? { positions } : {}) }
}

/** What {@link compileWorkflow} would refuse. */
export function issuesOfCompiling(workflow: Workflow): Issue[] {
  try {
    compileWorkflow(workflow)
    return []
  } catch (error) {
    if (isOrchestratorError(error, 'InvalidWorkflowError')) return error.details.issues as Issue[]
    throw error
  }
}

function refuse(issues: Issue[]): void {
  if (issues.length === 0) return
  throw new OrchestratorError('InvalidWorkflowError', describeIssues(issues), { issues })
}

function statesOf(names: StepNames, step: Step, onward: Onward): Record<string, State> {
  if (!isAgentStep(step)) return statesOfControlled(names, step, onward)
  return step.forEach === undefined ? statesOfStep(names, step, onward) : statesOfFanOut(names, step, onward)
}

function countStates(flow: Flow): number {
  const inner = Object.values(flow.States).flatMap((state) =>
    state.Type === 'Parallel' ? state.Branches : state.Type === 'Map' ? [state.ItemProcessor] : [],
  )
  return Object.keys(flow.States).length + inner.reduce((sum, branch) => sum + countStates(branch), 0)
}

/** Without the gates. */
function countEntered(tree: Tree, ofNode: (node: number) => number): number {
  if (tree.kind === 'step') return ofNode(tree.node)
  const parts = tree.kind === 'sequence' ? tree.parts : tree.branches
  return parts.reduce((sum, part) => sum + countEntered(part, ofNode), tree.kind === 'parallel' ? 1 : 0)
}

/** Where nothing goes wrong; those of items not counted, for nobody knows how many there will be. */
function statesEntered(step: Step): number {
  if (isAgentStep(step) && step.forEach !== undefined) return 3
  if (isAgentStep(step)) return step.bind === 'late' ? 4 : 1
  return stepKind(step) === 'emit' ? 1 : stepKind(step) === 'wait' ? 3 : 2
}

function issueOfSize(bytes: number): Issue {
  const message = `the definition has ${bytes} bytes; Step Functions accepts ${MAX_DEFINITION_BYTES}: split the workflow`
  return { code: 'definition-too-large', path: 'steps', message }
}
