import { ownOf } from './own.ts'

/** `arn:aws:states:<region>:<account>:stateMachine:<name>` has seven parts; the ARN of a published version adds its number. */
const MACHINE_PARTS = 7
/** The account id of local clouds and emulators, which no AWS console shows. */
const NO_ACCOUNT = '000000000000'

const CONSOLES: Readonly<Record<string, (region: string) => string>> = {
  aws: (region) => `${region}.console.aws.amazon.com`,
  'aws-us-gov': () => 'console.amazonaws-us-gov.com',
  'aws-cn': () => 'console.amazonaws.cn',
}

/** The ARN of the machine itself, given its ARN or that of one of its versions. */
export const machineArnOf = (arn: string): string => arn.split(':').slice(0, MACHINE_PARTS).join(':')

/** The ARN of a standard execution, which contains its machine's name but no version. */
export function executionArnOf({ stateMachineArn, name }: { stateMachineArn: string; name: string }): string {
  return `${machineArnOf(stateMachineArn).replace(':stateMachine:', ':execution:')}:${name}`
}

/** The link to an execution in the AWS console; undefined for local clouds. */
export function consoleLinkOf(executionArn: string): string | undefined {
  const [, partition = '', , region = '', account] = executionArn.split(':')
  const host = ownOf(CONSOLES, partition)?.(region)
  if (host === undefined || account === NO_ACCOUNT) return undefined
  return `https://${host}/states/home?region=${region}#/v2/executions/details/${executionArn}`
}
