import { ownOf } from './own.ts'

/** `arn:aws:states:<region>:<account>:stateMachine:<name>` has seven parts; that of a published version ends in its number. */
const MACHINE_PARTS = 7
/** That of every local cloud and emulator: nobody's console has it. */
const NO_ACCOUNT = '000000000000'

const CONSOLES: Readonly<Record<string, (region: string) => string>> = {
  aws: (region) => `${region}.console.aws.amazon.com`,
  'aws-us-gov': () => 'console.amazonaws-us-gov.com',
  'aws-cn': () => 'console.amazonaws.cn',
}

/** The machine's ARN, of that or of one of its versions'. */
export const machineArnOf = (arn: string): string => arn.split(':').slice(0, MACHINE_PARTS).join(':')

/** A standard execution's ARN follows from its machine's, whatever version it runs. */
export function executionArnOf({ stateMachineArn, name }: { stateMachineArn: string; name: string }): string {
  return `${machineArnOf(stateMachineArn).replace(':stateMachine:', ':execution:')}:${name}`
}

/** Where people watch an execution; undefined where no console shows it. */
export function consoleLinkOf(executionArn: string): string | undefined {
  const [, partition = '', , region = '', account] = executionArn.split(':')
  const host = ownOf(CONSOLES, partition)?.(region)
  if (host === undefined || account === NO_ACCOUNT) return undefined
  return `https://${host}/states/home?region=${region}#/v2/executions/details/${executionArn}`
}
