import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DescribeStacksCommand, ListStackResourcesCommand } from '@aws-sdk/client-cloudformation'
import {
  DeleteStateMachineCommand,
  DescribeStateMachineCommand,
  ListExecutionsCommand,
  ListStateMachinesCommand,
} from '@aws-sdk/client-sfn'
import { afterAll, expect, it } from 'vitest'
import { readStack } from '../../../scripts/deployment/assembly.ts'
import { requireSeen } from '../../../scripts/deployment/placed.ts'
import { takeBackMachines } from '../../../scripts/deployment/returning-machines.ts'
import { fakeAws } from '../../support/cloud/fake-aws.ts'

const assembly = mkdtempSync(join(tmpdir(), 'assembly-'))
afterAll(() => rmSync(assembly, { recursive: true }))

const write = (name: string, value: object) => writeFileSync(join(assembly, name), JSON.stringify(value))
const machine = { Type: 'AWS::StepFunctions::StateMachine', Properties: { StateMachineName: 'o-far' } }

/** A runtime stack with `nested` nested stacks. */
function synthesize(nested: number) {
  write('manifest.json', { artifacts: { 'o-runtime': { type: 'aws:cloudformation:stack' } } })
  const Resources = Object.fromEntries(
    Array.from({ length: nested }, (_, at) => {
      const file = `nested${at}.template.json`
      write(file, { Resources: { Machine: machine } })
      return [`Nested${at}`, { Type: 'AWS::CloudFormation::Stack', Metadata: { 'aws:asset:path': file } }]
    }),
  )
  write('o-runtime.template.json', { Resources })
  return readStack(assembly, 'runtime')
}

it('reads the templates of nested stacks, in which workflows come back too', () => {
  expect(synthesize(2).nested).toEqual({
    Nested0: { Resources: { Machine: machine } },
    Nested1: { Resources: { Machine: machine } },
  })
})

it('is not placed anew in nested stacks when it is unknown what is deployed', () => {
  expect(() => requireSeen(synthesize(0))).not.toThrow()
  expect(() => requireSeen(synthesize(1))).toThrow(
    'o-runtime has 1 nested stack, and these credentials may not see',
  )
})

/** An account with the runtime stack, its nested stack, and the retained machine with `running` executions. */
function account(holdsMachine: boolean, running: number) {
  const deleted: string[] = []
  const cloudformation = async (command: object) => {
    if (command instanceof DescribeStacksCommand) return { Stacks: [{ StackStatus: 'UPDATE_COMPLETE' }] }
    if (!(command instanceof ListStackResourcesCommand)) throw new Error('nothing is to be imported')
    const nested = { LogicalResourceId: 'Nested0', ResourceType: 'AWS::CloudFormation::Stack' }
    const held = { LogicalResourceId: 'Machine', ResourceType: machine.Type, PhysicalResourceId: 'arn:o-far' }
    const ofNested = holdsMachine ? [held] : []
    const ofRuntime = [{ ...nested, PhysicalResourceId: 'nested-id' }]
    return { StackResourceSummaries: command.input.StackName === 'nested-id' ? ofNested : ofRuntime }
  }
  const states = async (command: object) => {
    if (command instanceof ListStateMachinesCommand) return { stateMachines: [{ name: 'o-far' }] }
    if (command instanceof ListExecutionsCommand)
      return { executions: Array.from({ length: running }, () => ({ executionArn: 'e', status: 'RUNNING' })) }
    if (command instanceof DeleteStateMachineCommand)
      return void deleted.push(String(command.input.stateMachineArn))
    if (command instanceof DescribeStateMachineCommand && deleted.length > 0)
      throw Object.assign(new Error('gone'), { name: 'StateMachineDoesNotExist' })
    return {}
  }
  return { aws: fakeAws({ cloudformation, states }), deleted }
}

it('makes way for a workflow that comes back in a nested stack', async () => {
  const { aws, deleted } = account(false, 0)
  expect(await takeBackMachines(aws, synthesize(1), 'o')).toEqual(['o-far'])
  expect(deleted).toEqual(['arn:aws:states:eu-west-1:111111111111:stateMachine:o-far'])
})

it('says what is in its way while something runs', async () => {
  const { aws, deleted } = account(false, 1)
  await expect(takeBackMachines(aws, synthesize(1), 'o')).rejects.toThrow('something still runs on it')
  expect(deleted).toEqual([])
})

it('leaves a machine alone that the nested stack has', async () => {
  const { aws, deleted } = account(true, 0)
  expect(await takeBackMachines(aws, synthesize(1), 'o')).toEqual([])
  expect(deleted).toEqual([])
})
