/**
 * The loop of a model and its tools, which an attempt may leave at any point and the next one goes on with.
 *
 * Invariants (tests cite them):
 * tool-loop/L1 a turn that was stored is not asked for again, by any attempt of this run of the step by the same agent; it is stored before any of its tools runs
 * tool-loop/L2 each call of a tool is performed by `once`, under the number of its turn and its place: whatever dies, a tool that honours its
 *    idempotency key acts once
 * tool-loop/L3 the loop ends: by an answer without calls, by its turns, by repetition, or by an error
 * tool-loop/L4 what a tool has thrown, arguments that do not fit and tools that do not exist are told to the model, call and result together
 * tool-loop/L5 the third identical call is told that it repeats itself, the fourth ends the loop with LoopDetectedError; so does the third empty answer
 * tool-loop/L6 before the context is full, the oldest results are left out
 * tool-loop/L7 an attempt that has made a turn asks for no other when less than a minute (or a quarter of its time) is left to its deadline: it
 *    ends with AgentContinuesError, which is no failure, and the next attempt goes on
 * tool-loop/L8 no tool runs by an answer that was cut off or filtered
 */
import type { AgentModel, ModelReply, ToolLoop } from '../../agent/index.ts'
import { OrchestratorError } from '../../domain/errors.ts'
import { addUsage } from '../../domain/model-tokens.ts'
import type { ModelAnswer, ModelPart, ModelRequest } from '../../ports/models.ts'
import { agentFiles } from '../agent-files.ts'
import { performOnce } from '../perform-once.ts'
import type { AdmittedCall, Limits, StepRun } from '../step-run.ts'
import { requireLoop } from './check-call.ts'
import { checkOf } from './check-json.ts'
import { fitHistory } from './fit-history.ts'
import type { ConfiguredModels, GateNeeds } from './host-models.ts'
import { type LoopTurns, loopTurns } from './loop-turns.ts'
import { EMPTY, type LoopWatch, loopDetected, loopWatch } from './loop-watch.ts'
import {
  messagesOf,
  replyOf,
  requestOf,
  schemaOfTool,
  textOfParts,
  toolNamed,
  userSays,
} from './model-request.ts'
import { runToolCalls, type ToolRuns } from './run-tool-calls.ts'
import { askStructured } from './structured-answer.ts'

const DEFAULT_TURNS = 10
const MOST_TURNS = 50
export const LAST_TURN = 'This is your last turn: answer now, without calling a tool.'
/** Time for another attempt's answer and its tools (tool-loop/L7). */
const MARGIN_MILLISECONDS = 60_000
const MARGIN_SHARE = 0.25

type Ask = (request: ModelRequest) => Promise<ModelAnswer>
type Needs = GateNeeds & { models: ConfiguredModels }

export function runTools(
  ports: Needs,
  run: StepRun,
  attempt: Limits & AdmittedCall,
  ask: Ask,
): AgentModel['runTools'] {
  let loops = 0
  const once = performOnce(ports, run.own, attempt.signal)
  const files = agentFiles(ports, run, attempt)
  return async (asked) => {
    requireLoop(asked)
    loops += 1
    const key = keyOf(asked.key ?? String(loops))
    const maxTurns = turnsOf(asked)
    const turns = await loopTurns(ports, run, key, maxTurns)
    const watch = loopWatch()
    const runs = (turn: number): ToolRuns => ({
      tools: asked.tools,
      turn,
      signal: attempt.signal,
      watch,
      once: (name, effect) => once(`tools/${turns.loop}/${name}`, effect),
      keep: (name, text) => files.write(name.replace('tool-results/', `tool-results/${key}-`), text),
    })
    return goOn({ ports, run, attempt, ask, asked, turns, watch, runs, maxTurns })
  }
}

type Situation = {
  ports: Needs
  run: StepRun
  attempt: Limits & AdmittedCall
  ask: Ask
  asked: ToolLoop
  turns: LoopTurns
  watch: LoopWatch
  runs(turn: number): ToolRuns
  maxTurns: number
}

async function goOn({
  ports,
  run,
  attempt,
  ask,
  asked,
  turns,
  watch,
  runs,
  maxTurns,
}: Situation): Promise<ModelReply & { turns: number }> {
  const { log, own } = run
  const base = requestOf({ ...asked, tools: asked.tools.map(declared) }, attempt.signal)
  // A schema that cannot be checked is told before a call is paid.
  for (const tool of asked.tools) checkOf(schemaOfTool(tool), toolNamed(tool.name))
  const mayAsk = timeFor(ports, attempt)
  let messages = [...messagesOf(asked)]
  let usage: ModelAnswer['usage'] = { inputTokens: 0, outputTokens: 0 }
  for (let turn = 1; turn <= maxTurns; turn++) {
    attempt.signal.throwIfAborted()
    let answer = turns.known(turn)
    if (!answer) {
      if (turns.made > 0 && !mayAsk()) throw continues(own.path, turn)
      const last = turn === maxTurns && turn > 1 ? [userSays(LAST_TURN)] : []
      const request = { ...base, messages: [...messages, ...last] }
      const { contextTokens = 0 } = ports.models.settings[base.model] ?? {}
      // tool-loop/L1
      answer = await turns.keep(
        turn,
        await askStructured(ask, await fitHistory(request, contextTokens, ports.models.count)),
      )
      log.info('model turn', { turn, finish: answer.finish, toolCalls: callsIn(answer).length })
    }
    usage = addUsage(usage, answer.usage)
    const calls = callsIn(answer)
    if (answer.finish === 'filtered' || (calls.length === 0 && !isEmpty(answer)))
      return { ...replyOf({ ...answer, usage }), turns: turn }
    if (calls.length === 0) {
      watch.seesNothing()
      messages = [...messages, userSays(EMPTY)]
      continue
    }
    const results = answer.finish === 'length' ? calls.map(cutOff) : await runToolCalls(runs(turn), calls)
    messages = [...messages, { role: 'assistant', parts: answer.parts }, { role: 'user', parts: results }]
  }
  throw loopDetected(`the model has not come to an end in ${maxTurns} turns`)
}

const declared = ({ name, description, schema }: ToolLoop['tools'][number]) => ({ name, description, schema })

const callsIn = ({ parts }: ModelAnswer): Extract<ModelPart, { kind: 'tool-call' }>[] =>
  parts.filter((part) => part.kind === 'tool-call')

export const CUT_OFF = 'your answer was cut off before its calls were complete; call again, with less text'

/** Arguments that were cut off may look whole: nothing of such an answer is done (tool-loop/L8). */
const cutOff = ({ id, name }: ReturnType<typeof callsIn>[number]): ModelPart => ({
  kind: 'tool-result',
  id,
  name,
  output: { error: CUT_OFF },
  isError: true,
})

const isEmpty = (answer: ModelAnswer): boolean =>
  answer.value === undefined && textOfParts(answer).trim() === ''

/** Whether there is time for another turn (tool-loop/L7). */
function timeFor({ clock }: GateNeeds, { deadline }: Limits): () => boolean {
  const left = (): number => deadline.getTime() - clock.now().getTime()
  const margin = Math.min(MARGIN_MILLISECONDS, MARGIN_SHARE * left())
  return () => left() > margin
}

const continues = (path: string, turn: number): OrchestratorError =>
  new OrchestratorError(
    'AgentContinuesError',
    `step "${path}" goes on with turn ${turn} of its model in another attempt: this one's time is nearly over`,
  )

function turnsOf({ maxTurns = DEFAULT_TURNS }: ToolLoop): number {
  if (Number.isSafeInteger(maxTurns) && maxTurns >= 1 && maxTurns <= MOST_TURNS) return maxTurns
  throw new TypeError(`maxTurns is ${maxTurns}; it must be a whole number from 1 to ${MOST_TURNS}`)
}

function keyOf(key: string): string {
  if (/^[a-zA-Z0-9_-]{1,40}$/.test(key)) return key
  throw new TypeError(
    `the key of a loop is ${JSON.stringify(key)}; it must be a-z, A-Z, 0-9, dashes and underscores, at most 40`,
  )
}
