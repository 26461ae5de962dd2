import { CreateChangeSetCommand, DescribeChangeSetCommand } from '@aws-sdk/client-cloudformation'
import { PutObjectCommand } from '@aws-sdk/client-s3'
import { describe, expect, it } from 'vitest'
import { plainName, referencesIn } from '../../../scripts/deployment/assembly.ts'
import { importResources } from '../../../scripts/deployment/import-resources.ts'
import type { Kept } from '../../../scripts/deployment/kept-resources.ts'
import { parseOptions } from '../../../scripts/deployment/options.ts'
import { fakeAws } from '../../support/cloud/fake-aws.ts'

describe('the options of a deployment', () => {
  it('are ours, or those of the synthesis, or the rest is for the CDK', () => {
    const args = [
      'staging',
      '--json',
      '--adopt',
      'tasks=a=b',
      '--adopt=Bucket=c',
      '-c',
      'x=1',
      '--context=y=2',
    ]
    expect(
      parseOptions([...args, '--fresh', '--profile', 'me', '--app=out', '--require-approval', 'never']),
    ).toEqual({
      stage: 'staging',
      json: true,
      fresh: true,
      chosen: new Map([
        ['tasks', 'a=b'],
        ['bucket', 'c'],
      ]),
      app: 'out',
      ofSynthesis: ['--context', 'x=1', '--context', 'y=2', '--profile', 'me'],
      rest: ['--require-approval', 'never'],
    })
    expect(parseOptions(['--verbose'])).toMatchObject({ stage: 'default', rest: ['--verbose'] })
  })

  it.each([['tasks'], ['=x'], ['tasks='], ['']])('say what is wrong about --adopt %s', (given) => {
    expect(() => parseOptions(['--adopt', given])).toThrow(`--adopt ${given}: say what, and the name`)
  })
})

it('names a resource after its construct', () => {
  expect(['Tasks0BA6A452', 'AccessLogs8B620ECA', 'Plain'].map(plainName)).toEqual([
    'tasks',
    'accesslogs',
    'plain',
  ])
})

it('finds every reference of a value', () => {
  const value = {
    a: [{ Ref: 'One' }],
    b: { 'Fn::Join': ['', [{ 'Fn::GetAtt': ['Two', 'Arn'] }]] },
    c: { 'Fn::GetAtt': 'Three.Arn' },
  }
  expect(referencesIn(value)).toEqual(['One', 'Two', 'Three'])
})

/** The part of CloudFormation that an import uses: it refuses types that it cannot import as AWS does. */
function cloudFormation(unsupported: readonly string[] = []) {
  const requests: Record<string, unknown>[] = []
  const uploads: Record<string, unknown>[] = []
  const send = async (command: object) => {
    if (command instanceof CreateChangeSetCommand) {
      const { ResourcesToImport = [] } = command.input
      const refused = ResourcesToImport.map(({ ResourceType = '' }) => ResourceType).filter((type) =>
        unsupported.includes(type),
      )
      if (refused.length > 0)
        throw new Error(`ResourceTypes [${refused.join(', ')}] are not supported for Import`)
      requests.push({ ...command.input })
    }
    if (command instanceof DescribeChangeSetCommand)
      return { Status: 'CREATE_COMPLETE', ExecutionStatus: 'AVAILABLE' }
    if (command instanceof PutObjectCommand) uploads.push({ ...command.input })
    return { Stacks: [{ StackStatus: 'IMPORT_COMPLETE' }] }
  }
  return { aws: fakeAws({ cloudformation: send, s3: send }), requests, uploads }
}

const TABLE = 'AWS::DynamoDB::Table'
const BUCKET = 'AWS::S3::Bucket'
const table: Kept = { logicalId: 'Tasks', type: TABLE, name: 't', identifier: { TableName: 't' } }
const bucket: Kept = { logicalId: 'Bucket', type: BUCKET, name: 'b', identifier: { BucketName: 'b' } }
const template = {
  Resources: {
    Tasks: {
      Type: TABLE,
      Properties: { KeySchema: [], Named: { Ref: 'AWS::Region' } },
      DeletionPolicy: 'Retain',
    },
    Bucket: { Type: BUCKET, Properties: { Logs: { Ref: 'Logs' }, Beside: { Ref: 'Tasks' } } },
    Logs: { Type: BUCKET },
  },
}
const wanted = {
  stack: 'data',
  assetBucket: 'assets-${AWS::AccountId}-${AWS::Region}',
  deployed: { Resources: {} },
  template,
}

describe('the import of existing resources', () => {
  it('contains only the resources, without references to the rest of the stack', async () => {
    const { aws, requests } = cloudFormation()
    expect(await importResources(aws, { ...wanted, kept: [table, bucket] })).toEqual([])
    expect(requests).toMatchObject([{ StackName: 'data', ChangeSetType: 'IMPORT' }])
    expect(requests[0]?.ResourcesToImport).toEqual([
      { LogicalResourceId: 'Tasks', ResourceType: TABLE, ResourceIdentifier: { TableName: 't' } },
      { LogicalResourceId: 'Bucket', ResourceType: BUCKET, ResourceIdentifier: { BucketName: 'b' } },
    ])
    const retained = { DeletionPolicy: 'Retain', UpdateReplacePolicy: 'Retain' }
    expect(JSON.parse(String(requests[0]?.TemplateBody))).toEqual({
      Resources: {
        Tasks: { ...template.Resources.Tasks, ...retained },
        Bucket: { Type: BUCKET, Properties: { Beside: { Ref: 'Tasks' } }, ...retained },
      },
    })
  })

  it('leaves out what CloudFormation cannot import, and says so', async () => {
    const { aws, requests } = cloudFormation([BUCKET])
    expect(await importResources(aws, { ...wanted, kept: [table, bucket] })).toEqual([bucket])
    expect(requests[0]?.ResourcesToImport).toHaveLength(1)
    expect(await importResources(aws, { ...wanted, kept: [bucket] })).toEqual([bucket])
    expect(requests).toHaveLength(1)
  })

  it('is added to the deployed template, through a file if that is too large to send', async () => {
    const { aws, requests, uploads } = cloudFormation()
    const deployed = { Resources: { Large: { Type: BUCKET, Properties: { text: 'x'.repeat(60_000) } } } }
    await importResources(aws, { ...wanted, deployed, kept: [table] })
    expect(uploads).toMatchObject([{ Bucket: 'assets-111111111111-eu-west-1', Key: 'take-back/data.json' }])
    expect(requests[0]?.TemplateURL).toBe(
      'https://s3.eu-west-1.amazonaws.com/assets-111111111111-eu-west-1/take-back/data.json',
    )
    const sent = JSON.parse(String(uploads[0]?.Body)) as { Resources: object }
    expect(Object.keys(sent.Resources)).toEqual(['Large', 'Tasks'])
  })
})
