import { VirtualClock } from '../../local/stepfunctions/clock.ts'
import type { Execution } from '../../local/stepfunctions/execution.ts'
import type { Integration } from '../../local/stepfunctions/integrations.ts'
import { StepFunctionsService } from '../../local/stepfunctions/service.ts'

type Options = {
  input?: unknown
  invoke?: (name: string, payload: unknown, clock: VirtualClock) => Promise<unknown>
  random?: () => number
}

/** Runs a definition to its end under a virtual clock. `invoke` stands for the functions. */
export async function runDefinition(
  definition: object,
  options: Options = {},
): Promise<{ execution: Execution; elapsedSeconds: number }> {
  const { input = {}, invoke = async () => ({}), random = () => 1 } = options
  const clock = new VirtualClock()
  const integration: Integration = async ({ arguments: { FunctionName, Payload } }) => ({
    Payload: await invoke(String(FunctionName), Payload, clock),
    StatusCode: 200,
  })
  const service = new StepFunctionsService({ clock, integrations: { 'lambda:invoke': integration }, random })
  const stateMachineArn = 'arn:aws:states:us-east-1:111111111111:stateMachine:test'
  const roleArn = 'arn:aws:iam::111111111111:role/test'
  service.putStateMachine({
    stateMachineArn,
    name: 'test',
    definition: JSON.stringify({ QueryLanguage: 'JSONata', ...definition }),
    roleArn,
  })
  const started = clock.now()
  const execution = service.startExecution({ stateMachineArn, name: 'run', input: JSON.stringify(input) })
  await execution.ended.promise
  return { execution, elapsedSeconds: (clock.now() - started) / 1_000 }
}

export const invokeTask = (functionName: string, more: object = {}) => ({
  Type: 'Task',
  Resource: 'arn:aws:states:::lambda:invoke',
  Arguments: { FunctionName: functionName, Payload: '{% $states.input %}' },
  Output: '{% $states.result.Payload %}',
  ...more,
})
