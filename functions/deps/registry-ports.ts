import { mayUse } from '../../shared/domain/quotas.ts'
import type { Agents, Audit, Collectables, Loads, Workflows } from '../../shared/ports/index.ts'
import { dynamodbAudit } from '../adapters/dynamodb/audit/audit.ts'
import { dynamodbAgents } from '../adapters/dynamodb/registry/agents.ts'
import { dynamodbCollectables } from '../adapters/dynamodb/registry/collectables.ts'
import { dynamodbLoads } from '../adapters/dynamodb/registry/loads.ts'
import { rememberingAgents, rememberingWorkflows } from '../adapters/dynamodb/registry/remembering-lists.ts'
import { dynamodbWorkflows } from '../adapters/dynamodb/registry/workflows.ts'
import { registryTable } from './clients.ts'
import { quotasOfTenant } from './identity/tenants.ts'
import { once } from './once.ts'
import { clock, ids, logger } from './platform.ts'

export const agents = (): Agents =>
  once('agents', () => ({
    ...rememberingAgents(dynamodbAgents({ ...registryTable(), onUnreadable }), clock),
    mayUse: (tenant, agent) => mayUse(quotasOfTenant(tenant), agent),
  }))

export const workflows = (): Workflows =>
  once('workflows', () =>
    rememberingWorkflows(dynamodbWorkflows({ ...registryTable(), onUnreadable }), clock),
  )

export const loads = (): Loads => once('loads', () => dynamodbLoads({ ...registryTable(), clock }))

export const collectables = (): Collectables =>
  once('collectables', () => dynamodbCollectables(registryTable()))

export const audit = (): Audit =>
  once('audit', () => dynamodbAudit({ ...registryTable(), digest: ids().digest }))

const onUnreadable = (facts: object): void => logger().error('record not readable', { ...facts })
