/** Invariants: scripts/deployment/take-back.ts. */
import { DescribeStacksCommand } from '@aws-sdk/client-cloudformation'
import { ListTablesCommand } from '@aws-sdk/client-dynamodb'
import { expect, it } from 'vitest'
import { AdoptionError, findKept } from '../../../scripts/deployment/kept-resources.ts'
import { takeBackData } from '../../../scripts/deployment/take-back.ts'
import { fakeAws } from '../../support/cloud/fake-aws.ts'

const stack = {
  name: 'o-data',
  assetBucket: 'assets',
  nested: {},
  template: { Resources: { Tasks: { Type: 'AWS::DynamoDB::Table', Properties: { KeySchema: [] } } } },
}
const NOTHING_CHOSEN = { chosen: new Map<string, string>(), fresh: false }

const withTables = (...TableNames: string[]) =>
  fakeAws({
    dynamodb: async (command) =>
      command instanceof ListTablesCommand ? { TableNames } : { Table: { TableStatus: 'ACTIVE' } },
    s3: async () => ({ Buckets: [] }),
  })

it('adopts the table that an earlier installation has left (take-back/T1)', async () => {
  const kept = await findKept(withTables('o-data-Tasks-1', 'p-data-Tasks-1'), stack, NOTHING_CHOSEN)
  expect(kept.map(({ name }) => name)).toEqual(['o-data-Tasks-1'])
})

it('asks for a choice among several tables, instead of creating new ones (take-back/T1)', async () => {
  const aws = withTables('o-data-Tasks-1', 'o-data-Tasks-2')
  await expect(findKept(aws, stack, NOTHING_CHOSEN)).rejects.toThrow(AdoptionError)
  await expect(findKept(aws, stack, NOTHING_CHOSEN)).rejects.toThrow(
    /o-data-Tasks-1, o-data-Tasks-2.*--adopt/,
  )
  expect(await findKept(aws, stack, { ...NOTHING_CHOSEN, fresh: true })).toEqual([])
})

it('takes nothing from a deployed stack, and refuses a request for that (take-back/T2)', async () => {
  const aws = fakeAws({
    cloudformation: async (command) =>
      command instanceof DescribeStacksCommand ? { Stacks: [{ StackStatus: 'UPDATE_COMPLETE' }] } : {},
  })
  expect(await takeBackData(aws, stack, NOTHING_CHOSEN)).toBeUndefined()
  await expect(takeBackData(aws, stack, { ...NOTHING_CHOSEN, fresh: true })).rejects.toThrow(
    'o-data is deployed',
  )
})
