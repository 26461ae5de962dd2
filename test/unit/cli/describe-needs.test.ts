import { expect, it } from 'vitest'
import { describeNeeds } from '../../../cli/show/describe-needs.ts'

it('what an agent needs is told in a line for each kind', () => {
  expect(
    describeNeeds({
      models: ['default'],
      secrets: ['OPENAI', 'DB'],
      hosts: true,
      email: false,
      environment: { ORDERS_TABLE: 'orders' },
      vpc: { subnets: ['subnet-01234567'], securityGroups: [{ parameter: '/net/sg' }] },
      policies: [
        { actions: ['textract:DetectDocumentText'], resources: ['*'], why: 'Textract knows no resources' },
      ],
    }),
  ).toEqual([
    'needs models: default',
    'needs secrets: OPENAI, DB',
    'needs from the stage: hosts',
    'needs variables: ORDERS_TABLE',
    'needs network: subnet-01234567, that of /net/sg',
    'may textract:DetectDocumentText on * (Textract knows no resources)',
  ])
  expect(describeNeeds(undefined)).toEqual([])
  expect(describeNeeds({ models: [] })).toEqual([])
})
