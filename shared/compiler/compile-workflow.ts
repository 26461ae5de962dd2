import { isOrchestratorError, OrchestratorError } from '../domain/errors.ts'
import { describeIssues, type Issue, issue } from '../domain/issue.ts'
import type { Gate } from '../domain/plan.ts'
import { issuesOfCycle } from '../workflow/graph.ts'
import { placedIn } from '../workflow/issue-places.ts'
import { everyStep, pathOfPlace } from '../workflow/places.ts'
import { isFanOut, type Steps, type Workflow } from '../workflow/schema.ts'
import { bodyIn } from '../workflow/step-kinds.ts'
import { graphOfWorkflow } from '../workflow/step-needs.ts'
import type { Definition, Flow } from './asl.ts'
import { EXECUTION, sum } from './costs.ts'
import { bytesAsSent, REST_OF_REQUEST_BYTES } from './definition-size.ts'
import { type Machine, newMachine, type SuspendsOf } from './machine.ts'
import { MAX_STATE_NAME, REDRIVES, REDRIVES_OF_PART } from './step-names.ts'
import { flowOfSteps } from './steps-flow.ts'

const SUBSTITUTIONS = ['RebindFunction', 'ControlFunction', 'TasksTable']

/** Limits of one execution: those of Step Functions, and a margin below them for expected events. Bytes as sent. */
const LIMITS = { bytes: 1_000_000 - REST_OF_REQUEST_BYTES, events: 25_000, expectedEvents: 10_000 }

export type Counts = {
  /** The number of steps, including those in loops. */
  steps: number
  states: number
  /** State transitions of a run without failures, plus one for the end of each execution: what Standard workflows bill. */
  transitions: number
  worstTransitions: number
  /** History events of the largest execution in a run without failures. */
  events: number
  worstEvents: number
  definitionBytes: number
  /** The size of the largest definition in the request that creates its machine. */
  requestBytes: number
}

/** A state machine, and the names of its `${...}` placeholders, which are substituted on creation. */
type Made = { definition: Definition; substitutions: string[] }

export type Compiled = Made & {
  /** The machines that the first one starts, when a workflow is too large for one; named by the placeholders of their ARNs. */
  parts: (Made & { name: string })[]
  /** Dependencies that the structure does not express; steps of a loop by place (`improve.draft`). */
  gates: Gate[]
  /** Places of the steps that have the states of a suspension; only these may be bound to an agent that suspends. Absent where there are none. */
  suspending?: string[]
  counts: Counts
  /** Issues that do not prevent the workflow from running. */
  warnings: Issue[]
  /** In a machine with positional names: the position of each step. */
  positions?: Record<string, string> | undefined
}

type Options = {
  /** Whether to name states by position, so that workflows of one shape and policy compile to the same machine. */
  anonymous?: boolean
  /** The size limit of one definition; smaller in tests. */
  maxBytes?: number
  /** Which steps may be bound to an agent that suspends (`suspendsOf`); none by default. Only these have the states for it. */
  suspends?: SuspendsOf
}

const never: SuspendsOf = () => false

/**
 * Compiles a workflow to a state machine, or to several when one would be too large. Pure; equal workflows give equal bytes. Throws
 * InvalidWorkflowError with every reason why it cannot be compiled.
 */
export function compileWorkflow(
  workflow: Workflow,
  { anonymous = false, maxBytes = LIMITS.bytes, suspends = never }: Options = {},
): Compiled {
  refuse(workflow, [...issuesOfCycles(workflow.steps), ...issuesOfNames(workflow.steps)])
  const whole = compileSteps(workflow, newMachine(anonymous, suspends))
  const fits = whole.counts.requestBytes <= maxBytes && whole.counts.events <= LIMITS.expectedEvents
  // A margin: the weights of the states are exact, those of the states that join the parts are not known yet.
  const budget = { bytes: 0.85 * maxBytes, events: 0.95 * LIMITS.expectedEvents }
  const compiled = fits ? whole : compileSteps(workflow, newMachine(anonymous, suspends, budget))
  refuse(workflow, issuesOfSize(compiled, maxBytes))
  return compiled
}

function compileSteps({ name, version, steps }: Workflow, machine: Machine) {
  const main = flowOfSteps(steps, machine)
  const all = [...machine.parts, main]
  const definitions = all.map(({ flow }): Definition => {
    return {
      ...(machine.anonymous ? {} : { Comment: `${name} v${version}` }),
      QueryLanguage: 'JSONata',
      ...flow,
    }
  })
  for (const [at, definition] of definitions.slice(0, -1).entries()) definitions[at] = asPart(definition)
  const texts = definitions.map((definition) => JSON.stringify(definition))
  const bytes = texts.map((text) => new TextEncoder().encode(text).length)
  const made = definitions.map((definition, at): Made => {
    const names = [...SUBSTITUTIONS, ...machine.parts.map((part) => part.name)]
    return { definition, substitutions: names.filter((one) => texts[at]?.includes(`\${${one}}`)) }
  })
  const costs = all.map((one) => sum(EXECUTION, one.costs))
  const histories = [...costs, ...machine.items.map((one) => sum(EXECUTION, one))]
  const events = (which: 'expected' | 'worst'): number =>
    Math.max(...histories.map((one) => one[which].events))
  const { expected, worst } = sum(...costs)
  const counts: Counts = {
    steps: everyStep(steps).length,
    states: all.reduce((count, { flow }) => count + stateNames(flow).length, 0),
    transitions: expected.transitions,
    worstTransitions: worst.transitions,
    events: events('expected'),
    worstEvents: events('worst'),
    definitionBytes: bytes.reduce((one, other) => one + other, 0),
    requestBytes: Math.max(...definitions.map(bytesAsSent)),
  }
  return {
    ...(made.at(-1) as Made),
    parts: machine.parts.map((part, at) => ({ name: part.name, ...(made[at] as Made) })),
    gates: machine.gates,
    ...(machine.suspending.length > 0 ? { suspending: machine.suspending.sort() } : {}),
    counts,
    warnings: warningsOf(counts),
    ...(machine.anonymous ? { positions: machine.positions } : {}),
  }
}

/** The issues for which {@link compileWorkflow} would throw. */
export function issuesOfCompiling(workflow: Workflow, options: Pick<Options, 'suspends'> = {}): Issue[] {
  try {
    compileWorkflow(workflow, options)
    return []
  } catch (error) {
    if (isOrchestratorError(error, 'InvalidWorkflowError')) return error.details.issues as Issue[]
    throw error
  }
}

/** A part is a separate execution whose redrive count starts at 0: its fences include the redrives of the execution that started it. */
function asPart(definition: Definition): Definition {
  return JSON.parse(JSON.stringify(definition).replaceAll(REDRIVES, REDRIVES_OF_PART)) as Definition
}

function refuse(workflow: Workflow, found: Issue[]): void {
  if (found.length === 0) return
  const issues = placedIn(workflow, found)
  throw new OrchestratorError('InvalidWorkflowError', describeIssues(issues), { issues })
}

function issuesOfCycles(steps: Steps): Issue[] {
  const inBodies = everyStep(steps).flatMap(({ place, step }) => {
    const body = bodyIn(step)
    if (!body) return []
    return issuesOfCycle(graphOfWorkflow(body), `${pathOfPlace(steps, place)}.${body.path}`)
  })
  return [...issuesOfCycle(graphOfWorkflow({ steps })), ...inBodies]
}

function issuesOfSize({ counts }: { counts: Counts }, maxBytes: number): Issue[] {
  const issues: Issue[] = []
  if (counts.requestBytes > maxBytes) {
    const message = `a definition has ${counts.requestBytes} bytes as it is sent; Step Functions accepts ${maxBytes}, and what is inside a loop or a fan-out is not split further`
    issues.push(issue('definition-too-large', 'steps', message))
  }
  if (counts.events > LIMITS.expectedEvents) {
    const message = `about ${counts.events} events are expected in the history of one execution; ${LIMITS.expectedEvents} is the most, for Step Functions ends one at ${LIMITS.events}: make loops and fan-outs smaller, or workflows of their own`
    issues.push(issue('history-too-long', 'steps', message))
  }
  return issues
}

function warningsOf({ worstEvents }: Counts): Issue[] {
  if (worstEvents <= LIMITS.events) return []
  const message = `up to ${worstEvents} events in the history of one execution, if loops, fan-outs and retries use all they may; Step Functions ends it at ${LIMITS.events}: lower maxItems or maxIterations`
  return [issue('history-may-be-too-long', 'steps', message)]
}

/** Checks names as for a machine with the steps' names, so that every workflow that can be submitted can be registered. */
function issuesOfNames(steps: Steps): Issue[] {
  return everyStep(steps).flatMap(({ place, step }) => {
    const longest = `${place}${isFanOut(step) ? ': item: settled' : ': settled'}`
    if (longest.length <= MAX_STATE_NAME) return []
    const shorter = place.includes('.')
      ? "the step's id, or those of the loops and fan-outs around it"
      : "the step's id"
    const message = `the state "${longest}" would have a name of ${longest.length} characters; Step Functions accepts ${MAX_STATE_NAME}: shorten ${shorter}`
    return [issue('name-too-long', pathOfPlace(steps, place), message)]
  })
}

function stateNames({ States }: Flow): string[] {
  return Object.entries(States).flatMap(([name, state]) => {
    const inner =
      state.Type === 'Parallel' ? state.Branches : state.Type === 'Map' ? [state.ItemProcessor] : []
    return [name, ...inner.flatMap(stateNames)]
  })
}
