import { expect, it } from 'vitest'
import { hostedArn, hostedName, installationOf } from '../../../shared/domain/agent-function.ts'

it('tells from the ARN of a machine where the installation is', () => {
  const arn = 'arn:aws-cn:states:cn-north-1:123456789012:stateMachine:my-team-report'
  const installation = installationOf(arn, 'report')
  expect(installation).toEqual({
    partition: 'aws-cn',
    region: 'cn-north-1',
    account: '123456789012',
    prefix: 'my-team-',
  })
  expect(hostedArn(installation, { tenant: 'acme', id: 'translator' })).toBe(
    'arn:aws-cn:lambda:cn-north-1:123456789012:function:my-team-agent-acme_translator',
  )
})

it('gives no two agents one name, nor one that a nested stack gives (function/F2)', () => {
  const names = ['default', 'a', 'a-b', 'b', 'agent', 'a-1', 'default-a']
  const all = names.flatMap((tenant) => names.map((id) => hostedName(tenant, id)))
  // A function in a nested stack ends in an underscore and the number of the stack (AgentFleet).
  const nested = names.flatMap((id) => [1, 2, 10].map((at) => `agent-${id}_${at}`))
  expect(new Set([...all, ...nested]).size).toBe(all.length + nested.length)
})
