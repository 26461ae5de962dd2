import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import { dynamodbAudit } from '../../functions/adapters/dynamodb/audit/audit.ts'
import { dynamodbKeys } from '../../functions/adapters/dynamodb/identity/keys.ts'
import type { OnUnreadable } from '../../functions/adapters/dynamodb/json-items.ts'
import { dynamodbAgents } from '../../functions/adapters/dynamodb/registry/agents.ts'
import { dynamodbCollectables } from '../../functions/adapters/dynamodb/registry/collectables.ts'
import { dynamodbLoads } from '../../functions/adapters/dynamodb/registry/loads.ts'
import { dynamodbModelUsage } from '../../functions/adapters/dynamodb/registry/model-usage.ts'
import { dynamodbWorkflows } from '../../functions/adapters/dynamodb/registry/workflows.ts'
import type { Clock, Ports } from '../../shared/ports/index.ts'

export type RegistryPorts = Pick<
  Ports,
  'agents' | 'workflows' | 'loads' | 'collectables' | 'modelUsage' | 'audit' | 'keys'
>

/** The ports of agents, workflows and machines, over one table. */
export function registryPorts(settings: {
  client: DynamoDBDocumentClient
  table: string
  clock: Clock
  digest: (text: string) => string
  onUnreadable?: OnUnreadable
}): RegistryPorts {
  return {
    keys: dynamodbKeys(settings),
    agents: dynamodbAgents(settings),
    workflows: dynamodbWorkflows(settings),
    loads: dynamodbLoads(settings),
    modelUsage: dynamodbModelUsage(settings),
    collectables: dynamodbCollectables(settings),
    audit: dynamodbAudit(settings),
  }
}
