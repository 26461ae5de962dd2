import { pathIn } from '../domain/instance-path.ts'
import { type Loop, loopOfConversation } from '../workflow/conversation.ts'
import { transitiveReduction } from '../workflow/graph.ts'
import { type FanOut, isFanOut, type Step, type Steps } from '../workflow/schema.ts'
import { byFanOutKind, byKind } from '../workflow/step-kinds.ts'
import { graphOfWorkflow } from '../workflow/step-needs.ts'
import type { Flow, Onward, State } from './asl.ts'
import { byPosition } from './by-position.ts'
import { statesOfAnswer, statesOfApproval, statesOfOneCall, statesOfWait } from './control-states.ts'
import {
  APPROVAL,
  CHILD,
  type Costs,
  costsOfAgent,
  costsOfFanOut,
  costsOfItem,
  costsOfLoop,
  costsOfTree,
  GATE,
  ONE_CALL,
  PARALLEL,
  START,
  SUCCEED,
  sum,
  WAIT,
} from './costs.ts'
import type { Tree } from './decompose.ts'
import { bytesAsSent } from './definition-size.ts'
import { flowOfAgentItem, modeOf, statesOfFanOut } from './fan-out-states.ts'
import { flowOf } from './flow.ts'
import { gateState } from './gate-state.ts'
import * as items from './item-states.ts'
import { nextRoundOf, statesOfLoop } from './loop-states.ts'
import { isSuspending, type Machine, newMachine, type SuspendsOf, unusedVariable } from './machine.ts'
import { orderOf } from './order.ts'
import { type Split, splitTree, type Weight } from './split.ts'
import { statesOfChild } from './start-states.ts'
import { INPUT, literal, type StepNames } from './step-names.ts'
import { statesOfStep } from './step-states.ts'
import { structureOf } from './structure.ts'

/** Identifies a graph: the workflow, or the body of a loop or fan-out. */
type Where = {
  place: string
  /** The prefix of its state names. */
  prefix: string
  /** The variable that holds the round, or the item. */
  variable?: string
}

/** The states of an acyclic graph of steps; loops and fan-outs are single nodes in it. */
export function flowOfSteps(
  steps: Steps,
  machine: Machine,
  onward: Onward = { End: true },
  where: Where = { place: '', prefix: '' },
): { flow: Flow; costs: Costs } {
  const { ids, order } = orderOf(transitiveReduction(graphOfWorkflow({ steps })))
  const structure = structureOf(order)
  const { gates } = structure
  const idOf = (node: number): string => ids[node] as string
  const { tree, nameOf } = machine.anonymous
    ? byPosition(structure, (node) => policyOf(stepOf(node), machine.suspends), where.prefix)
    : { tree: structure.tree, nameOf: (node: number) => where.prefix + idOf(node) }
  const costs = new Map<number, Costs>()

  for (const [node, id] of ids.entries()) {
    if (machine.anonymous) machine.positions[pathIn(where.place, id)] = nameOf(node)
    const after = gates.get(node)?.map((producer) => pathIn(where.place, idOf(producer)))
    if (after) machine.gates.push({ before: pathIn(where.place, id), after })
  }
  // A separate execution would not see this variable, so bodies are never split.
  const { budget } = where.variable === undefined ? machine : { budget: undefined }
  const split: Split = budget ? splitTree(tree, weightOf, budget) : { tree, parts: [] }
  const started = new Map<Tree, string>()
  for (const part of split.parts) {
    const name = `Part${started.size + 1}`
    machine.parts.push({ name, ...compiled(part) })
    started.set(part, name)
  }
  return compiled(split.tree, onward)

  function compiled(part: Tree, next?: Onward): { flow: Flow; costs: Costs } {
    const statesOfNode = (node: number, after: Onward): Record<string, State> => {
      const own = withGate(node, after, machine)
      costs.set(node, own.costs)
      return own.states
    }
    const flow = flowOf(part, { nameOf, statesOf: statesOfNode, used: machine.used, started }, next)
    const ofStarted = (inner: Tree): Costs | undefined => (started.has(inner) ? START : undefined)
    return { flow, costs: costsOfTree(part, (node) => costs.get(node) as Costs, ofStarted) }
  }

  function weightOf(node: number): Weight {
    const { states, costs: own } = withGate(
      node,
      { End: true },
      newMachine(machine.anonymous, machine.suspends),
    )
    return { bytes: bytesAsSent(states), events: own.expected.events }
  }

  function withGate(node: number, next: Onward, into: Machine): Part {
    const names = namesOf(node)
    const own = statesOf(stepOf(node), names, next, into, pathIn(where.place, idOf(node)))
    const producers = gates.get(node)?.length
    if (producers === undefined) return own
    const [entry] = Object.keys(own.states)
    const gate = { [`${names.name}: gate`]: gateState(names, producers, entry) }
    return { states: { ...gate, ...own.states }, costs: sum(GATE, own.costs) }
  }

  function namesOf(node: number): StepNames {
    const name = nameOf(node)
    return { name, agent: `${INPUT}.functions.${name}`, path: pathOf(node, name) }
  }

  function pathOf(node: number, name: string): string {
    const { variable } = where
    if (!machine.anonymous)
      return variable === undefined ? literal(idOf(node)) : `$${variable} & ${literal(`.${idOf(node)}`)}`
    const id = `${INPUT}.steps.${name}`
    return variable === undefined ? id : `$${variable} & '.' & ${id}`
  }

  /** The step without descriptions, which do not affect whether machines can be shared. */
  function stepOf(node: number): Step {
    const step = steps[idOf(node)] as Step
    return machine.anonymous ? { ...step, description: undefined } : step
  }
}

type Part = { states: Record<string, State>; costs: Costs }

function statesOf(step: Step, names: StepNames, onward: Onward, machine: Machine, place: string): Part {
  if (isFanOut(step)) return partOfFanOut(step, names, onward, machine, place)
  return byKind<Part>(step, {
    agent(one) {
      const suspends = isSuspending(one, machine, place)
      return {
        states: statesOfStep(names, one, onward, suspends),
        costs: costsOfAgent(one, suspends && 'End' in onward ? 'ends' : suspends),
      }
    },
    repeat: (loop) => partOfLoop(loop, loop.repeat, names, onward, machine, place),
    converse: (one) => partOfLoop(one, loopOfConversation(one), names, onward, machine, place),
    steps: (each) => partOfFanOut(each, names, onward, machine, place),
    approval: (one) => ({ states: statesOfApproval(names, one, onward), costs: APPROVAL }),
    wait: ({ wait: said }) =>
      'message' in said
        ? { states: statesOfAnswer(names, said.timeoutSeconds, onward), costs: APPROVAL }
        : { states: statesOfWait(names, onward), costs: WAIT },
    workflow: (child) => ({ states: statesOfChild(names, child, onward), costs: CHILD }),
    send: () => ({ states: statesOfOneCall(names, onward), costs: ONE_CALL }),
    emit: () => ({ states: statesOfOneCall(names, onward), costs: ONE_CALL }),
  })
}

function partOfFanOut(step: FanOut, names: StepNames, onward: Onward, machine: Machine, place: string): Part {
  const { costs, flowOf } = itemOf(step, names, machine, place)
  const mode = modeOf(step, costs.worst.events)
  if (mode !== 'inline') machine.items.push(costs)
  return {
    states: statesOfFanOut(names, step, { flowOf, mode }, onward),
    costs: costsOfFanOut(step, costs, mode),
  }
}

/** The costs of one item, and its states, whose names depend on the Map's mode. */
function itemOf(
  step: FanOut,
  names: StepNames,
  machine: Machine,
  place: string,
): { costs: Costs; flowOf(item: StepNames): Flow } {
  return byFanOutKind<{ costs: Costs; flowOf(item: StepNames): Flow }>(step, {
    agent(one) {
      const suspends = isSuspending(one, machine, place)
      return {
        costs: costsOfAgent(one, suspends && 'ends'),
        flowOf: (item) => flowOfAgentItem(item, one, suspends),
      }
    },
    steps(each) {
      const variable = unusedVariable(names.name, machine.used)
      const where = { place, prefix: names.name + (machine.anonymous ? '_' : '.'), variable }
      const body = flowOfSteps(each.steps, machine, { End: true }, where)
      return {
        costs: costsOfItem(body.costs),
        flowOf: (item) => items.flowOfSteps(item, variable, body.flow),
      }
    },
    workflow: (child) => ({
      costs: sum(CHILD, SUCCEED),
      flowOf: (item) => items.flowOfChildItem(item, child),
    }),
  })
}

function partOfLoop(
  step: Pick<Step, 'onFailure'>,
  loop: Loop,
  names: StepNames,
  onward: Onward,
  machine: Machine,
  place: string,
): Part {
  const variable = unusedVariable(names.name, machine.used)
  const where = { place, prefix: names.name + (machine.anonymous ? '_' : '.'), variable }
  const isContained = step.onFailure !== 'fail'
  const next = isContained ? ({ End: true } as const) : { Next: nextRoundOf(names) }
  const body = flowOfSteps(loop.steps, machine, next, where)
  const round = isContained ? sum(PARALLEL, body.costs) : body.costs
  const costs = costsOfLoop(round, loop.maxIterations)
  return {
    states: statesOfLoop(names, variable, body.flow, isContained, onward),
    // A loop ends with a Choice, which cannot end a branch and needs a Succeed state.
    costs: 'End' in onward ? sum(costs, SUCCEED) : costs,
  }
}

/** A key of everything that a step's states depend on besides its name. */
function policyOf(step: Step, suspends: SuspendsOf): string {
  const names = { name: '', agent: '', path: literal('') }
  return JSON.stringify(statesOf(step, names, { End: true }, newMachine(true, suspends), '').states)
}
