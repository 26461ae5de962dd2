import { VirtualClock } from '../../local/stepfunctions/clock.ts'
import type { Integrations } from '../../local/stepfunctions/integrations/integration.ts'
import { StepFunctionsService } from '../../local/stepfunctions/service.ts'
import { memoryStore } from '../../local/stepfunctions/store/memory-store.ts'
import type { Gate } from '../../shared/domain/plan.ts'
import { gateIntegration, gateSignals } from '../../test/support/gate-world.ts'
import { immediateTable } from '../../test/support/immediate-table.ts'

const ROLE = 'arn:aws:iam::000000000000:role/bench'
const MACHINE = 'arn:aws:states:us-east-1:000000000000:stateMachine:bench'
/** Virtual: more than any plan takes. */
const EVERYTHING = { from: 0, limit: 100_000, reverse: false }

export type Run = {
  milliseconds: number
  /** States entered, the end counted as one. */
  transitions: number
  /** When each step ran, in milliseconds of virtual time; twice where it ran twice. */
  spans: { step: string; start: number; end: number }[]
}

/**
 * Runs a compiled definition in the local engine under a virtual clock: every step takes its time and then signals its gates,
 * with the host's own code. Throws when the execution does not succeed.
 */
export async function runCompiled(
  { definition, gates }: { definition: object; gates: Gate[] },
  millisecondsOf: (step: string) => number,
): Promise<Run> {
  const clock = new VirtualClock()
  const table = immediateTable()
  const signal = gateSignals(table, (token) => service.tokens.get(token).settle({ output: {} }))
  const spans: Run['spans'] = []
  const integrations: Integrations = {
    ...gateIntegration(table),
    'lambda:invoke': async ({ arguments: { Payload } }) => {
      const { taskId, path } = Payload as { taskId: string; path: string }
      const start = clock.now()
      await clock.sleep(millisecondsOf(path))
      spans.push({ step: path, start, end: clock.now() })
      await signal({ taskId, gates }, path)
      return { Payload: { path, status: 'succeeded' } }
    },
  }
  const service = new StepFunctionsService({ clock, store: memoryStore(), integrations })
  service.putStateMachine({
    stateMachineArn: MACHINE,
    name: 'bench',
    definition: JSON.stringify(definition),
    roleArn: ROLE,
  })
  const functions = Object.fromEntries([...stepsIn(definition)].map((step) => [step, 'f']))
  const input = JSON.stringify({ taskId: 't', functions })
  const { executionArn } = service.startExecution({ stateMachineArn: MACHINE, name: 'run', input })
  const { status, startedAt, stoppedAt = startedAt, cause } = await service.untilEnded(executionArn)
  if (status !== 'SUCCEEDED') throw new Error(`the execution has ${status}: ${cause}`)
  const entered = service
    .listEvents(executionArn, EVERYTHING)
    .filter(({ type }) => type.endsWith('StateEntered'))
  return { milliseconds: stoppedAt - startedAt, transitions: entered.length + 1, spans }
}

/** The names under which a definition looks up functions. */
function stepsIn(definition: object): Set<string> {
  const found = JSON.stringify(definition).matchAll(/Execution\.Input\.functions\.(\w+)/g)
  return new Set([...found].map(([, name = '']) => name))
}
