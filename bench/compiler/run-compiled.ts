import type { Integrations } from '../../local/stepfunctions/integrations/integration.ts'
import { startExecutionIntegrations } from '../../local/stepfunctions/integrations/start-execution.ts'
import { VirtualClock } from '../../local/stepfunctions/run/clock.ts'
import { StepFunctionsService } from '../../local/stepfunctions/service.ts'
import { memoryStore } from '../../local/stepfunctions/store/memory-store.ts'
import type { Gate } from '../../shared/domain/plan.ts'
import { gateIntegration, gateSignals } from '../../test/support/models/gate-world.ts'
import { immediateTable } from '../../test/support/stores/immediate-table.ts'

const ROLE = 'arn:aws:iam::000000000000:role/bench'
const arnOf = (name: string): string => `arn:aws:states:us-east-1:000000000000:stateMachine:${name}`
/** Virtual: more than any plan takes. */
const EVERYTHING = { from: 0, limit: 100_000, reverse: false }

export type Run = {
  milliseconds: number
  /** State transitions; the end of each execution counts as one. */
  transitions: number
  /** When each step ran, in milliseconds of virtual time; twice where it ran twice. */
  spans: { step: string; start: number; end: number }[]
}

type Runnable = {
  definition: object
  gates: Gate[]
  /** Parts of the workflow, compiled to machines that this one starts. */
  parts?: readonly { name: string; definition: object }[]
}

/**
 * Runs a compiled definition in the local engine under a virtual clock: every step takes its time and then signals its gates
 * through the host's own code. Throws when the execution does not succeed.
 */
export async function runCompiled(
  { definition, gates, parts = [] }: Runnable,
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
  const permitAll = (): void => {}
  Object.assign(integrations, startExecutionIntegrations(service, permitAll))
  const machines = [...parts, { name: 'bench', definition }]
  for (const machine of machines) {
    service.putStateMachine({
      stateMachineArn: arnOf(machine.name),
      name: machine.name,
      definition: JSON.stringify(machine.definition).replace(/\$\{(Part\d+)\}/g, (_, part) => arnOf(part)),
      roleArn: ROLE,
    })
  }
  const places = machines.flatMap((machine) => [...stepsIn(machine.definition)])
  const functions = Object.fromEntries(places.map((step) => [step, 'f']))
  const input = JSON.stringify({ taskId: 't', functions })
  const main = service.startExecution({ stateMachineArn: arnOf('bench'), name: 'run', input })
  const { status, startedAt, stoppedAt = startedAt, cause } = await service.untilEnded(main.executionArn)
  if (status !== 'SUCCEEDED') throw new Error(`the execution has ${status}: ${cause}`)
  const executions = machines.flatMap(({ name }) =>
    service.listExecutions({ stateMachineArn: arnOf(name) }, { from: 0, limit: 1_000 }),
  )
  const entered = executions.flatMap(({ executionArn }) =>
    service.listEvents(executionArn, EVERYTHING).filter(({ type }) => type.endsWith('StateEntered')),
  )
  const transitions = entered.length + executions.length
  return { milliseconds: stoppedAt - startedAt, transitions, spans }
}

/** The function names in a definition. */
function stepsIn(definition: object): Set<string> {
  const found = JSON.stringify(definition).matchAll(/Execution\.Input\.functions\.(\w+)/g)
  return new Set([...found].map(([, name = '']) => name))
}
