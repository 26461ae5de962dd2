import {
  type Capability,
  CreateChangeSetCommand,
  type CreateChangeSetCommandInput,
  DeleteChangeSetCommand,
  DescribeChangeSetCommand,
  type DescribeChangeSetCommandOutput,
  ExecuteChangeSetCommand,
  waitUntilStackImportComplete,
} from '@aws-sdk/client-cloudformation'
import { PutObjectCommand } from '@aws-sdk/client-s3'
import { referencesIn, type Template } from './assembly.ts'
import type { Aws } from './aws.ts'
import { AdoptionError, type Kept } from './kept-resources.ts'

type Import = {
  stack: string
  /** Holds templates that are too large for a request. */
  assetBucket: string
  /** The template as deployed; empty if it is not. */
  deployed: Template
  /** The template with the imported resources. */
  template: Template
  kept: readonly Kept[]
}

const CHANGE_SET = 'take-back'
/** CloudFormation's limit for a template in a request, in bytes. */
const MOST_SENT = 51_200
const MOST_SECONDS = 900
const POLL_MILLISECONDS = 1_000
const NAMED_TYPES = /AWS::\w+::\w+/g
const CAPABILITIES: Capability[] = ['CAPABILITY_IAM', 'CAPABILITY_NAMED_IAM', 'CAPABILITY_AUTO_EXPAND']

/**
 * Imports existing resources into a stack, which is created if it is not deployed. Returns those of types that CloudFormation
 * cannot import. The resources are not changed: the next deployment does that. Throws AdoptionError with CloudFormation's reason.
 */
export async function importResources(aws: Aws, wanted: Import): Promise<Kept[]> {
  if (wanted.kept.length === 0) return []
  const { cloudformation } = aws
  const names = { StackName: wanted.stack, ChangeSetName: CHANGE_SET }
  const request = { ...names, ...(await bodyOf(aws, wanted)), Capabilities: CAPABILITIES }
  const reviewed = await review(aws, {
    ...request,
    ChangeSetType: 'IMPORT',
    ResourcesToImport: wanted.kept.map(({ logicalId, type, identifier }) => {
      return { LogicalResourceId: logicalId, ResourceType: type, ResourceIdentifier: identifier }
    }),
  })
  if ('refused' in reviewed) {
    await cloudformation.send(new DeleteChangeSetCommand(names)).catch(() => {})
    const types: string[] = reviewed.refused.match(NAMED_TYPES) ?? []
    const cannot = wanted.kept.filter(({ type }) => types.includes(type))
    if (!/not supported/i.test(reviewed.refused) || cannot.length === 0)
      throw new AdoptionError(`${wanted.stack} cannot take back what is there: ${reviewed.refused}`)
    const rest = wanted.kept.filter((one) => !cannot.includes(one))
    return [...cannot, ...(await importResources(aws, { ...wanted, kept: rest }))]
  }
  await cloudformation.send(new ExecuteChangeSetCommand(names))
  await waitUntilStackImportComplete(
    { client: cloudformation, maxWaitTime: MOST_SECONDS },
    { StackName: wanted.stack },
  )
  return []
}

/** Creates the change set and returns CloudFormation's reason if it refuses. */
async function review(
  { cloudformation }: Aws,
  request: CreateChangeSetCommandInput,
): Promise<{ refused: string } | { accepted: true }> {
  try {
    await cloudformation.send(new CreateChangeSetCommand(request))
  } catch (error) {
    return { refused: (error as Error).message }
  }
  const { StackName, ChangeSetName } = request
  for (;;) {
    const set: DescribeChangeSetCommandOutput = await cloudformation.send(
      new DescribeChangeSetCommand({ StackName, ChangeSetName }),
    )
    if (
      set.Status === 'FAILED' ||
      (set.Status === 'CREATE_COMPLETE' && set.ExecutionStatus === 'UNAVAILABLE')
    )
      return { refused: set.StatusReason ?? 'CloudFormation says nothing' }
    if (set.Status === 'CREATE_COMPLETE') return { accepted: true }
    await new Promise((resolve) => setTimeout(resolve, POLL_MILLISECONDS))
  }
}

async function bodyOf(aws: Aws, wanted: Import): Promise<{ TemplateBody: string } | { TemplateURL: string }> {
  const text = JSON.stringify(templateOf(wanted))
  if (Buffer.byteLength(text) <= MOST_SENT) return { TemplateBody: text }
  const { account, region, partition, s3 } = aws
  const values: Record<string, string> = { AccountId: account, Region: region, Partition: partition }
  const bucket = wanted.assetBucket.replace(
    /\$\{AWS::(\w+)\}/g,
    (whole, name: string) => values[name] ?? whole,
  )
  const key = `take-back/${wanted.stack}.json`
  await s3.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: text }))
  const host = partition === 'aws-cn' ? 'amazonaws.com.cn' : 'amazonaws.com'
  // With the bucket in the path, as the CDK's own CLI writes it.
  return { TemplateURL: `https://s3.${region}.${host}/${bucket}/${key}` }
}

/** The deployed template plus the imported resources, without their references to others. */
function templateOf({ deployed, template, kept }: Import): Template {
  const there = new Set([...Object.keys(deployed.Resources), ...kept.map(({ logicalId }) => logicalId)])
  const imported = kept.map(({ logicalId }) => {
    const {
      Type,
      Properties = {},
      DeletionPolicy = 'Retain',
      UpdateReplacePolicy = 'Retain',
    } = template.Resources[logicalId] ?? { Type: '' }
    const own = Object.entries(Properties).filter(([, value]) => {
      return referencesIn(value).every((id) => id.startsWith('AWS::') || there.has(id))
    })
    return [
      logicalId,
      { Type, Properties: Object.fromEntries(own), DeletionPolicy, UpdateReplacePolicy },
    ] as const
  })
  return { ...deployed, Resources: { ...deployed.Resources, ...Object.fromEntries(imported) } }
}
