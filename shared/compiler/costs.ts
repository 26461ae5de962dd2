/**
 * What states cost: transitions are what Standard workflows bill, events are what an execution's history holds 25,000 of at
 * most. `expected` is the way on which nothing goes wrong; `worst` is every step, item and round that there may be, each
 * step using up its attempts. A failover to another agent comes on top.
 */
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
/** Entered, scheduled, started, succeeded, left. */
const TASK = cost(1, 5)
/** Submitted beside: it waits for a token, or for an execution. */
const WAITING_TASK = cost(1, 6)
/** A Choice, a Wait or a Succeed: entered and left. */
const PASSED = cost(1, 2)
/** Entered, started, succeeded, left. */
const CONTAINER = cost(1, 4)
/** A Map whose items have executions, and so histories, of their own. */
const DISTRIBUTED = cost(1, 6)
/** Each iteration of a Map is started and succeeds. */
const ITERATION = cost(0, 2)
/** Each is scheduled, started and fails; a retry is billed as a transition. */
const FAILED_ATTEMPT = cost(1, 3)
/** An execution's own first and last event, and its end. */
export const EXECUTION = same(cost(1, 2))
export const GATE = same(WAITING_TASK)
export const PARALLEL = same(CONTAINER)
/** A state that starts an execution and waits for it. */
export const START = same(WAITING_TASK)
/** What ends a branch after a Choice, which cannot. */
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

/** A step that is done by one call of the control function. */
export const ONE_CALL = same(TASK)
export const WAIT = same(add(TASK, PASSED, TASK))
export const APPROVAL = same(add(WAITING_TASK, TASK))
/** A child workflow's own costs are its own. */
export const CHILD = same(add(TASK, PASSED, WAITING_TASK, TASK))

/** Of a loop with this body. */
export function costsOfLoop(body: Costs, maxIterations: number): Costs {
  const round = (one: Cost): Cost => add(one, TASK, PASSED)
  return {
    expected: add(TASK, PASSED, times(Math.min(EXPECTED_ROUNDS, maxIterations), round(body.expected))),
    worst: add(TASK, PASSED, times(maxIterations, round(body.worst))),
  }
}

/** Of the structure of a graph. */
export function costsOfTree(
  tree: Tree,
  ofNode: (node: number) => Costs,
  /** Of a part that is an execution of its own. */
  ofStarted: (part: Tree) => Costs | undefined = () => undefined,
): Costs {
  if (tree.kind === 'step') return ofNode(tree.node)
  const inner = tree.kind === 'sequence' ? tree.parts : tree.branches
  const parts = inner.map((part) => ofStarted(part) ?? costsOfTree(part, ofNode, ofStarted))
  return tree.kind === 'parallel' ? sum(PARALLEL, ...parts) : sum(...parts)
}

/** One call of a step's agents, or one item that they do. */
export function costsOfAgent({ bind, retry }: AgentStep): Costs {
  // The rebinder, its Choice and its Wait.
  const late = bind === 'late' ? add(TASK, PASSED, PASSED) : cost(0, 0)
  const failed = times(retry.maxAttempts - 1, FAILED_ATTEMPT)
  return { expected: add(late, TASK), worst: add(late, TASK, failed) }
}

/** Of an item with steps of its own: named before, contained, and ended by a call. */
export const costsOfItem = (body: Costs): Costs => sum(same(add(PASSED, CONTAINER, TASK)), body)

/** Of a fan-out that costs so much for each item; where items are executions of their own, those have the events. */
export function costsOfFanOut({ maxItems = DEFAULT_MAX_ITEMS }: FanOut, item: Costs, mode: Mode): Costs {
  const expected = Math.min(EXPECTED_ITEMS, maxItems)
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
    // Should they have executions of their own, each is one transition more; their events are fewer than here.
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
