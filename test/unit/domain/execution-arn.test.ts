import { describe, expect, it } from 'vitest'
import { consoleLinkOf, executionArnOf, machineArnOf } from '../../../shared/domain/execution-arn.ts'

const machine = 'arn:aws:states:eu-west-1:123456789012:stateMachine:orchestrator-simple'

describe('the ARNs of machines, versions and executions', () => {
  it('gives an execution the same ARN on every version of its machine', () => {
    const execution = 'arn:aws:states:eu-west-1:123456789012:execution:orchestrator-simple:t_1-1'
    expect(executionArnOf({ stateMachineArn: machine, name: 't_1-1' })).toBe(execution)
    expect(executionArnOf({ stateMachineArn: `${machine}:12`, name: 't_1-1' })).toBe(execution)
    expect(machineArnOf(`${machine}:12`)).toBe(machine)
  })

  it('links to the console of the partition, and to none without an account', () => {
    const of = (stateMachineArn: string) => consoleLinkOf(executionArnOf({ stateMachineArn, name: 'x' }))
    expect(of(machine)).toBe(
      'https://eu-west-1.console.aws.amazon.com/states/home?region=eu-west-1#/v2/executions/details/arn:aws:states:eu-west-1:123456789012:execution:orchestrator-simple:x',
    )
    expect(of(machine.replace('arn:aws:', 'arn:aws-us-gov:'))).toContain(
      'https://console.amazonaws-us-gov.com/states',
    )
    expect(of(machine.replace('123456789012', '000000000000'))).toBeUndefined()
  })
})
