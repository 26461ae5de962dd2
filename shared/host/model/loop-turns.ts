import { redriveOf } from '../../contracts/step-payload.ts'
import type { ModelAnswer } from '../../ports/models.ts'
import { keptBy, type StepRun } from '../step-run.ts'
import type { GateNeeds } from './host-models.ts'
import { parseAnswer, storableAnswer } from './stored-answer.ts'

/** The answers of the model in one loop, those of earlier attempts among them. */
export type LoopTurns = {
  /** The loop's name in the step: another run of the step, or another agent, begins anew. */
  readonly loop: string
  /** How many turns this attempt has asked for. */
  readonly made: number
  known(turn: number): ModelAnswer | undefined
  /** Stores an answer and returns the one that is stored: the first stays where two invocations have met. */
  keep(turn: number, answer: ModelAnswer): Promise<ModelAnswer>
}

export async function loopTurns(
  { turns, values }: GateNeeds,
  run: StepRun,
  key: string,
  maxTurns: number,
): Promise<LoopTurns> {
  const { own, agentId } = run
  const { taskId, path, fence } = own
  const loop = `${redriveOf(fence)}/${agentId}/${keptBy(run)}${key}`
  const of = { taskId, path, loop }
  const load = async (): Promise<ModelAnswer[]> => {
    const stored = await turns.listTurns(of, maxTurns)
    return Promise.all(stored.map(async (one) => parseAnswer(await values.loadValue(one))))
  }
  let known = await load()
  let made = 0
  return {
    loop,
    get made() {
      return made
    },
    known: (turn) => known[turn - 1],
    async keep(turn, answer) {
      made += 1
      const stored = await values.storeValue(taskId, storableAnswer(answer))
      if (await turns.addTurn(of, turn, stored)) return answer
      known = await load()
      return known[turn - 1] ?? answer
    },
  }
}
