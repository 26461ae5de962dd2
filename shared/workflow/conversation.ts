/**
 * A conversation, `converse`, is a loop: each round is a turn of a model, and a fan-out of the calls that the turn asks for. Nothing else knows
 * what a conversation is made of: the compiler, the estimator, views and the types of a round see the steps that are made here.
 *
 * Invariants (tests cite them):
 * converse/D1 the calls are steps whose capability is chosen from `capabilities`, whatever a model asks for
 * converse/D2 a call of a capability in `approve` begins only after a person's `approve`; that is decided by the workflow, and by no model
 * converse/D3 the fields of the step are evaluated once, where the step stands: `$iteration` and `$previous` in them are those of the loop around it
 */
import type { StepOf, Steps } from './schema.ts'
import { StepsSchema } from './step-schemas.ts'

/** The step of a round that takes its turn. */
export const TURN_OF_CONVERSATION = 'turn'
/** The capability that takes a turn. */
export const TURN_CAPABILITY = 'model.turn'
export const [APPROVED, REFUSED] = ['approve', 'reject']
/** More calls in one turn are refused. */
export const MOST_CALLS_OF_TURN = 8
/** The calls of a turn that an estimate assumes. */
export const EXPECTED_CALLS_OF_TURN = 2
/** The list that the fan-out of a turn goes through. */
const CALLS_OF_TURN = '{% $steps.turn.calls %}'
const DAY_SECONDS = 86_400

/** Whether a fan-out is that of a turn's calls, which an estimate knows more about than about others. */
export const isOfCalls = ({
  forEach,
  maxItems,
}: {
  forEach: string
  maxItems?: number | undefined
}): boolean => forEach === CALLS_OF_TURN && maxItems === MOST_CALLS_OF_TURN

/** A loop as the control function and the compiler run it. */
export type Loop = { steps: Steps; until: string; maxIterations: number; output?: unknown }

type Conversation = StepOf<'converse'>

/** The same object for the same step: what is known of steps is kept by them. */
const loops = new WeakMap<Conversation, Loop>()

export function loopOfConversation(step: Conversation): Loop {
  const known = loops.get(step) ?? makeLoop(step)
  loops.set(step, known)
  return known
}

function makeLoop({ converse }: Conversation): Loop {
  const { maxTurns } = converse
  return {
    steps: StepsSchema.parse({ [TURN_OF_CONVERSATION]: turnOf(converse), calls: callsOf(converse) }),
    until: '{% $steps.turn.isOver %}',
    maxIterations: maxTurns,
    output: '{% $steps.turn.result %}',
  }
}

function turnOf(converse: Conversation['converse']): object {
  const { model, capabilities, approve = [], maxTurns, maxOutputTokens, answer } = converse
  return {
    capability: TURN_CAPABILITY,
    input: {
      ...{ model, capabilities, approve, maxTurns, maxOutputTokens },
      ...(answer === undefined ? {} : { answer }),
      system: '{% $asked.system %}',
      input: '{% $asked.input %}',
      turn: '{% $iteration %}',
      before: '{% $previous.turn.state %}',
      results: '{% $previous.calls %}',
    },
  }
}

function callsOf(converse: Conversation['converse']): object {
  const { capabilities, approve = [] } = converse
  const call = {
    capability: '{% $item.capability %}',
    oneOf: capabilities,
    bind: 'late',
    input: '{% $item.input %}',
    onFailure: 'continue',
  }
  return {
    when: '{% $exists($steps.turn.calls[0]) %}',
    forEach: CALLS_OF_TURN,
    maxItems: MOST_CALLS_OF_TURN,
    maxConcurrency: MOST_CALLS_OF_TURN,
    tolerate: '100%',
    steps: approve.length === 0 ? { call } : withApproval(call, converse),
    output: {
      status: '{% $status.call %}',
      output: '{% $steps.call %}',
      error: '{% $errors.call %}',
      ...(approve.length === 0 ? {} : { answer: '{% $steps.approval %}' }),
    },
  }
}

/** converse/D2 */
function withApproval(call: object, converse: Conversation['converse']): object {
  const { approve = [], approvers, notBy, approvalTimeoutSeconds = DAY_SECONDS } = converse
  const isDue = `$item.capability in ${JSON.stringify(approve)}`
  return {
    approval: {
      when: `{% ${isDue} %}`,
      approval: {
        // Not by $string, which rounds numbers to 15 digits: a person approves what is done.
        prompt:
          'A model asks to call {% $item.capability %} with this input, and nothing else:\n{% $item.input %}',
        choices: [APPROVED, REFUSED],
        ...(approvers === undefined ? {} : { approvers }),
        ...(notBy === undefined ? {} : { notBy }),
        timeoutSeconds: approvalTimeoutSeconds,
        onTimeout: REFUSED,
      },
    },
    call: {
      ...call,
      when: `{% $not(${isDue}) or $steps.approval.decision = "${APPROVED}" %}`,
      join: 'settled',
    },
  }
}
