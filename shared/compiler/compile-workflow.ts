import { isOrchestratorError, OrchestratorError } from '../domain/errors.ts'
import { describeIssues, type Issue } from '../domain/issue.ts'
import type { Gate } from '../domain/plan.ts'
import { issuesOfCycle } from '../workflow/graph.ts'
import { everyStep, pathOfPlace } from '../workflow/places.ts'
import { isLoop, type Steps, type Workflow } from '../workflow/schema.ts'
import { graphOfWorkflow } from '../workflow/step-needs.ts'
import type { Definition, Flow } from './asl.ts'
import { type Cost, EXECUTION, sum } from './costs.ts'
import { flowOfSteps, newMachine } from './steps-flow.ts'
import { issuesOfUnsupported } from './unsupported.ts'

const SUBSTITUTIONS = ['RebindFunction', 'ControlFunction', 'TasksTable']
const MAX_DEFINITION_BYTES = 1_000_000
const MAX_STATE_NAME = 80

export type Counts = {
  /** Those in loops included. */
  steps: number
  states: number
  /** States entered where nothing goes wrong, plus one for the end: what Standard workflows bill. */
  transitions: number
  worstTransitions: number
  /** Events in the execution's history, likewise. */
  events: number
  worstEvents: number
  definitionBytes: number
}

export type Compiled = {
  definition: Definition
  /** Names in `${...}` that whoever creates the state machine fills in. */
  substitutions: string[]
  /** Waits that the structure does not express; steps of a loop by place (`improve.draft`). */
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
  refuse([...issuesOfUnsupported(workflow), ...issuesOfCycles(workflow.steps)])
  const machine = newMachine(anonymous)
  const { flow, costs } = flowOfSteps(workflow.steps, machine)
  const definition: Definition = {
    ...(anonymous ? {} : { Comment: `${workflow.name} v${workflow.version}` }),
    QueryLanguage: 'JSONata',
    ...flow,
  }
  const text = JSON.stringify(definition)
  const definitionBytes = new TextEncoder().encode(text).length
  refuse([...issuesOfSize(definitionBytes), ...issuesOfNames(flow)])
  const { expected, worst } = sum(EXECUTION, costs)
  return {
    definition,
    substitutions: SUBSTITUTIONS.filter((name) => text.includes(`\${${name}}`)),
    gates: machine.gates,
    counts: {
      steps: everyStep(workflow.steps).length,
      states: countStates(flow),
      ...countsOf(expected, worst),
      definitionBytes,
    },
    ...(anonymous ? { positions: machine.positions } : {}),
  }
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

function issuesOfCycles(steps: Steps): Issue[] {
  const inLoops = everyStep(steps).flatMap(({ place, step }) =>
    isLoop(step)
      ? issuesOfCycle(graphOfWorkflow({ steps: step.repeat.steps }), `${pathOfPlace(place)}.repeat.steps`)
      : [],
  )
  return [...issuesOfCycle(graphOfWorkflow({ steps })), ...inLoops]
}

function issuesOfSize(bytes: number): Issue[] {
  if (bytes <= MAX_DEFINITION_BYTES) return []
  const message = `the definition has ${bytes} bytes; Step Functions accepts ${MAX_DEFINITION_BYTES}: split the workflow`
  return [{ code: 'definition-too-large', path: 'steps', message }]
}

function issuesOfNames(flow: Flow): Issue[] {
  return stateNames(flow)
    .filter((name) => name.length > MAX_STATE_NAME)
    .map((name) => {
      const message = `the state "${name}" has a name of ${name.length} characters; Step Functions accepts ${MAX_STATE_NAME}: shorten the step's id, or those of the loops around it`
      return { code: 'name-too-long', path: pathOfPlace(name.split(':')[0] ?? name), message }
    })
}

function stateNames({ States }: Flow): string[] {
  return Object.entries(States).flatMap(([name, state]) => {
    const inner =
      state.Type === 'Parallel' ? state.Branches : state.Type === 'Map' ? [state.ItemProcessor] : []
    return [name, ...inner.flatMap(stateNames)]
  })
}

const countStates = (flow: Flow): number => stateNames(flow).length

function countsOf(expected: Cost, worst: Cost) {
  return {
    transitions: expected.transitions,
    worstTransitions: worst.transitions,
    events: expected.events,
    worstEvents: worst.events,
  }
}
