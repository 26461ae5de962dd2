/**
 * The costs of states: transitions, which Standard workflows bill, and history events, of which an execution can have 25,000. `expected` is
 * a run without failures; `worst` has every step, item and round, each step using up its attempts, but no failover to other agents.
 */
import { EXPECTED_CALLS_OF_TURN, isOfCalls } from '../workflow/conversation.ts'
import {
  type AgentStep,
  DEFAULT_MAX_ITEMS,
  EXPECTED_ITEMS,
  EXPECTED_ROUNDS,
  type FanOut,
} from '../workflow/schema.ts'
import type { Tree } from './decompose.ts'
import type { Mode } from './fan-out-states.ts'

export type Cost = { transitions: number; events: number }
export type Costs = { expected: Cost; worst: Cost }

const cost = (transitions: number, events: number): Cost => ({ transitions, events })
/** Events: entered, scheduled, started, succeeded, exited. */
const TASK = cost(1, 5)
/** A Task that waits for a task token or an execution has one more event: submitted. */
const WAITING_TASK = cost(1, 6)
/** A Choice, a Wait or a Succeed: entered and exited. */
const PASSED = cost(1, 2)
/** A Parallel or Map: entered, started, succeeded, exited. */
const CONTAINER = cost(1, 4)
/** A distributed Map, whose items have their own executions and histories. */
const DISTRIBUTED = cost(1, 6)
/** An iteration of a Map: started and succeeded. */
const ITERATION = cost(0, 2)
/** A failed attempt: scheduled, started, failed; a retry is billed as a transition. */
const FAILED_ATTEMPT = cost(1, 3)
/** The first and the last event of an execution, and the transition for its end. */
export const EXECUTION = same(cost(1, 2))
export const GATE = same(WAITING_TASK)
export const PARALLEL = same(CONTAINER)
/** A state that starts an execution and waits for it. */
export const START = same(WAITING_TASK)
/** Ends a branch after a Choice, which cannot be an end itself. */
export const SUCCEED = same(PASSED)

export function same(one: Cost): Costs {
  return { expected: one, worst: one }
}

export function sum(...all: readonly Costs[]): Costs {
  return {
    expected: add(...all.map(({ expected }) => expected)),
    worst: add(...all.map(({ worst }) => worst)),
  }
}

/** A step that consists of one call of the control function. */
export const ONE_CALL = same(TASK)
export const WAIT = same(add(TASK, PASSED, TASK))
export const APPROVAL = same(add(WAITING_TASK, TASK))
/** A step with a child workflow, without the costs of the child's execution. */
export const CHILD = same(add(TASK, PASSED, WAITING_TASK, TASK))

export function costsOfLoop(body: Costs, maxIterations: number): Costs {
  const round = (one: Cost): Cost => add(one, TASK, PASSED)
  return {
    expected: add(TASK, PASSED, times(Math.min(EXPECTED_ROUNDS, maxIterations), round(body.expected))),
    worst: add(TASK, PASSED, times(maxIterations, round(body.worst))),
  }
}

export function costsOfTree(
  tree: Tree,
  ofNode: (node: number) => Costs,
  /** The costs of a part that is a separate execution. */
  ofStarted: (part: Tree) => Costs | undefined = () => undefined,
): Costs {
  if (tree.kind === 'step') return ofNode(tree.node)
  const inner = tree.kind === 'sequence' ? tree.parts : tree.branches
  const parts = inner.map((part) => ofStarted(part) ?? costsOfTree(part, ofNode, ofStarted))
  return tree.kind === 'parallel' ? sum(PARALLEL, ...parts) : sum(...parts)
}

/** How often a step that may suspend is expected to, and in the worst case: there is no way to know it. */
const EXPECTED_SUSPENSIONS = 1
const WORST_SUSPENSIONS = 10

/** One call of a step's agents, or one item of an agent's fan-out. `suspends`: they may suspend, and the step `ends` a branch, which its Choice cannot do. */
export function costsOfAgent(
  { bind, retry, evaluate }: AgentStep,
  suspends: boolean | 'ends' = false,
): Costs {
  // The rebinder's Task, its Choice and its Wait.
  const chosen = add(TASK, PASSED, PASSED)
  const none = cost(0, 0)
  const late = bind === 'late' ? chosen : none
  const judged = evaluate?.judge ? add(chosen, TASK) : none
  const again = times(retry.maxAttempts - 1, add(FAILED_ATTEMPT, judged))
  const once = { expected: add(late, TASK, judged), worst: add(late, TASK, judged, again) }
  if (!suspends) return once
  // The waiting state, the Task and its Choice again.
  const turn = add(WAITING_TASK, TASK, PASSED)
  const out = suspends === 'ends' ? add(PASSED, PASSED) : PASSED
  return {
    expected: add(once.expected, out, times(EXPECTED_SUSPENSIONS, turn)),
    worst: add(once.worst, out, times(WORST_SUSPENSIONS, turn)),
  }
}

/** An item with a body: a Pass state, a container, and the call that ends it. */
export const costsOfItem = (body: Costs): Costs => sum(same(add(PASSED, CONTAINER, TASK)), body)

/** A fan-out whose items cost `item`; items with their own executions have their events there. */
export function costsOfFanOut(fanOut: FanOut, item: Costs, mode: Mode): Costs {
  const { maxItems = DEFAULT_MAX_ITEMS } = fanOut
  const expected = isOfCalls(fanOut) ? EXPECTED_CALLS_OF_TURN : Math.min(EXPECTED_ITEMS, maxItems)
  if (mode === 'distributed') {
    const children = (count: number, one: Cost): Cost => cost(count * (1 + one.transitions), 0)
    const around = add(TASK, DISTRIBUTED, TASK)
    return {
      expected: add(around, children(expected, item.expected)),
      worst: add(around, children(maxItems, item.worst)),
    }
  }
  const isEither = mode === 'either'
  const around = add(TASK, isEither ? PASSED : cost(0, 0), CONTAINER, TASK)
  return {
    expected: add(around, times(expected, add(ITERATION, item.expected))),
    // With executions of their own, each item costs one more transition, and fewer events here.
    worst: add(around, times(maxItems, add(ITERATION, item.worst)), cost(isEither ? maxItems : 0, 0)),
  }
}

function add(...all: readonly Cost[]): Cost {
  return all.reduce(
    (one, other) => cost(one.transitions + other.transitions, one.events + other.events),
    cost(0, 0),
  )
}

const times = (count: number, { transitions, events }: Cost): Cost =>
  cost(count * transitions, count * events)
