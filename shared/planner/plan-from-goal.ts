/**
 * A goal becomes a workflow: a model drafts it, what can only mean one thing is repaired, and what is left goes back to the model with its
 * reasons, at most twice. The caps are in planning-caps.ts, the repairs in repair-plan.ts.
 *
 * Invariants (tests cite them):
 * planner/Q1 only a workflow without an issue, of capabilities of the catalogue, is planned; anything else is refused or thrown with its draft
 *    and issues
 * planner/Q2 a refusal of the model is an answer, and no workflow that came with it is planned
 * planner/Q3 planning ends: by an answer, by a cap, by its time or by the signal, also where a model never answers or always answers the same
 * planner/Q4 what is returned or thrown tells every draft, repair, call and token
 */
import { OrchestratorError } from '../domain/errors.ts'
import { describeIssues, type Issue } from '../domain/issue.ts'
import type { JsonObject } from '../domain/json.ts'
import { mostInputTokens } from '../domain/model-tokens.ts'
import type { ModelPrice } from '../domain/price-table.ts'
import { platformTimer, type Timer } from '../domain/timer.ts'
import type { ModelMessage, ModelRequest, Models } from '../ports/models.ts'
import type { Workflow } from '../workflow/schema.ts'
import { askToMend } from './ask-to-mend.ts'
import { checkPlan } from './check-plan.ts'
import { readAnswer } from './plan-answer.ts'
import type { PlannerCatalogue } from './planner-catalogue.ts'
import { type Goal, type PlannerPrompt, plannerPrompt } from './planner-prompt.ts'
import {
  inputTokensOf,
  NOTHING_SPENT,
  type PlanningCaps,
  roomFor,
  type Spent,
  spentWith,
} from './planning-caps.ts'
import type { Repair } from './repair.ts'
import { repairPlan } from './repair-plan.ts'
import { schemaOfInput } from './schema-of-input.ts'
import { withinTime } from './within-time.ts'

export type PlannerPorts = {
  models: Pick<Models, 'generate'>
  /** The name of the model in the stage's configuration, what it costs, and what it can read at once; any amount by default. */
  model: { name: string; price: ModelPrice; contextTokens?: number }
  /** What is known against a plan beyond the catalogue: no agent may be bound, it costs more than the budget. */
  issuesOf?: (workflow: Workflow) => Promise<readonly Issue[]>
  timer?: Timer
}

/** An answer of the model, and what came of it; `workflow` after its repairs, `text` where there was none to read. */
export type PlanDraft = { workflow?: JsonObject; text?: string; repairs: Repair[]; issues: readonly Issue[] }

/** What planning has done and used, as the model's port has told it. */
type Told = { drafts: PlanDraft[]; calls: number; tokens: number; costUsd: number; modelId?: string }

/** Each repair says in which draft it was made, counted from 1. */
export type Planned =
  | ({
      kind: 'planned'
      workflow: Workflow
      assumptions: string[]
      repairs: (Repair & { draft: number })[]
    } & Told)
  | ({ kind: 'refused'; reason: string } & Told)

type Planning = {
  goal: Goal
  catalogue: PlannerCatalogue
  caps: PlanningCaps
  prompt: PlannerPrompt
  drafts: PlanDraft[]
  spent: Spent
  /** The tokens of the prompt before any draft, as the provider has told them. */
  promptTokens?: number
  modelId?: string
}

/**
 * Plans a goal within the caps, or tells why the model refuses. Throws PlanningFailedError with the last draft and its issues where no plan
 * comes of it, InvalidInputError for a goal that is none, the signal's reason when it aborts, and what the model's port throws.
 */
export const planFromGoal =
  (ports: PlannerPorts) =>
  async (
    goal: Goal,
    catalogue: PlannerCatalogue,
    caps: PlanningCaps,
    signal: AbortSignal,
  ): Promise<Planned> => {
    const prompt = plannerPrompt(goal, catalogue.capabilities)
    const planning: Planning = { goal, catalogue, caps, prompt, drafts: [], spent: NOTHING_SPENT }
    const time = {
      milliseconds: caps.seconds * 1_000,
      signal,
      timer: ports.timer ?? platformTimer,
      late: () => failed(planning, `there was no plan after ${caps.seconds} s`),
    }
    return withinTime(time, (within) => planWithin(ports, planning, within))
  }

async function planWithin(ports: PlannerPorts, planning: Planning, signal: AbortSignal): Promise<Planned> {
  for (;;) {
    const { answer, finish } = await ask(ports, planning, signal)
    signal.throwIfAborted()
    if (finish === 'filtered') throw failed(planning, 'the provider of the model has filtered the answer')
    if (answer.kind === 'refusal') return { kind: 'refused', reason: answer.reason, ...toldOf(planning) }
    if (answer.kind === 'unreadable') {
      note(planning, { text: answer.text, repairs: [], issues: answer.issues })
      continue
    }
    const { goal, catalogue, caps } = planning
    const { workflow: draft, repairs } = repairPlan(answer.workflow, catalogue, schemaOfInput(goal.input))
    const { workflow, issues } = checkPlan(draft, catalogue, caps.steps)
    const further = workflow ? ((await ports.issuesOf?.(workflow)) ?? []) : []
    signal.throwIfAborted()
    const all = [...issues, ...further]
    note(planning, { workflow: draft, repairs: [...answer.repairs, ...repairs], issues: all })
    if (!workflow || all.length > 0) continue
    const made = planning.drafts.flatMap((one, at) =>
      one.repairs.map((repair) => ({ ...repair, draft: at + 1 })),
    )
    return { kind: 'planned', workflow, assumptions: answer.assumptions, repairs: made, ...toldOf(planning) }
  }
}

/** One call, if its upper bound fits the caps (planning-caps/C1). */
async function ask(ports: PlannerPorts, planning: Planning, signal: AbortSignal) {
  const { models, model } = ports
  const { caps, prompt, spent } = planning
  const { system, answer, cacheAfter, message } = prompt
  const turns = turnsOf(planning.drafts.at(-1))
  const messages = [message, ...turns]
  const request: Omit<ModelRequest, 'maxOutputTokens'> = {
    model: model.name,
    system,
    messages,
    answer,
    cacheAfter,
    signal,
  }
  const most = mostInputOf(request, turns, planning.promptTokens)
  const room = roomFor(most, spent, caps, model)
  if (room.maxOutputTokens === undefined) throw failed(planning, room.why)
  const answered = await models.generate({ ...request, maxOutputTokens: room.maxOutputTokens })
  planning.spent = spentWith(spent, answered.usage, model.price)
  if (turns.length === 0 && !answered.usage.estimated) planning.promptTokens = inputTokensOf(answered.usage)
  planning.modelId = answered.modelId
  return { answer: readAnswer(answered), finish: answered.finish }
}

/** Once the provider has told what the prompt takes, only what follows it is bounded by its bytes (planning-caps/C1). */
const mostInputOf = (
  request: Pick<ModelRequest, 'system' | 'messages'>,
  turns: readonly ModelMessage[],
  promptTokens: number | undefined,
): number =>
  promptTokens === undefined
    ? mostInputTokens(request)
    : Math.min(mostInputTokens(request), promptTokens + mostInputTokens({ system: [], messages: turns }))

const turnsOf = (draft: PlanDraft | undefined): ModelMessage[] =>
  draft ? askToMend(draft.workflow ?? draft.text ?? '', draft.issues) : []

/** Adds a draft; one that is equal to the draft before it ends planning, because the model does not heed what it is told. */
function note(planning: Planning, draft: PlanDraft): void {
  const before = planning.drafts.at(-1)
  planning.drafts.push(draft)
  const isSame =
    JSON.stringify([before?.workflow, before?.text]) === JSON.stringify([draft.workflow, draft.text])
  if (draft.issues.length > 0 && before && isSame)
    throw failed(planning, 'the model has given the same plan again')
}

const toldOf = ({ drafts, spent, modelId }: Planning): Told => ({
  drafts,
  calls: spent.calls,
  tokens: spent.tokens,
  costUsd: spent.usd,
  ...(modelId === undefined ? {} : { modelId }),
})

function failed(planning: Planning, why: string): OrchestratorError {
  const { drafts } = planning
  const last = drafts.at(-1)
  const issues = last?.issues ?? []
  const told = issues.length > 0 ? `; the last draft: ${describeIssues(issues)}` : ''
  const draft = last?.workflow ?? last?.text
  return new OrchestratorError('PlanningFailedError', `no plan for the goal: ${why}${told}`, {
    // First, because what is kept of it is bounded.
    ...(draft === undefined ? {} : { draft }),
    issues,
    ...toldOf(planning),
  })
}
