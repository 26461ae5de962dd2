import {
  DeleteStackCommand,
  DescribeStacksCommand,
  paginateListStackResources,
  waitUntilStackDeleteComplete,
} from '@aws-sdk/client-cloudformation'
import type { Aws } from './aws.ts'

/** The resources of a deployed stack by logical id, with type and name; undefined if it is not deployed. */
export type Deployed = ReadonlyMap<string, { type: string; name: string }>

/** A stack in these states runs nothing: its first deployment, or its import, has failed. Its retained resources are left behind. */
const NEVER_DEPLOYED = ['ROLLBACK_COMPLETE', 'ROLLBACK_FAILED', 'REVIEW_IN_PROGRESS', 'CREATE_FAILED']
const MOST_SECONDS = 900

export async function findDeployed({ cloudformation }: Aws, stack: string): Promise<Deployed | undefined> {
  const status = await statusOf(cloudformation, stack)
  if (status === undefined || NEVER_DEPLOYED.includes(status)) return undefined
  const found = new Map<string, { type: string; name: string }>()
  for await (const page of paginateListStackResources({ client: cloudformation }, { StackName: stack })) {
    for (const {
      LogicalResourceId = '',
      ResourceType = '',
      PhysicalResourceId = '',
      ...one
    } of page.StackResourceSummaries ?? []) {
      if (one.ResourceStatus === 'DELETE_COMPLETE' || one.ResourceStatus === 'DELETE_SKIPPED') continue
      found.set(LogicalResourceId, { type: ResourceType, name: PhysicalResourceId })
    }
  }
  return found
}

/** Removes the remains of a failed first deployment, except retained resources: nothing can be imported into such a stack. */
export async function clearFailed({ cloudformation }: Aws, stack: string): Promise<void> {
  const status = await statusOf(cloudformation, stack)
  if (status === undefined || !NEVER_DEPLOYED.includes(status)) return
  await cloudformation.send(new DeleteStackCommand({ StackName: stack }))
  await waitUntilStackDeleteComplete(
    { client: cloudformation, maxWaitTime: MOST_SECONDS },
    { StackName: stack },
  )
}

async function statusOf(client: Aws['cloudformation'], stack: string): Promise<string | undefined> {
  try {
    const { Stacks = [] } = await client.send(new DescribeStacksCommand({ StackName: stack }))
    const status = Stacks[0]?.StackStatus
    return status === 'DELETE_COMPLETE' ? undefined : status
  } catch (error) {
    if (error instanceof Error && /does not exist/.test(error.message)) return undefined
    throw error
  }
}
