import type { APIGatewayProxyEventV2 } from 'aws-lambda'
import { expect, it } from 'vitest'
import { dynamodbAudit } from '../../../functions/adapters/dynamodb/audit/audit.ts'
import { nodeIds } from '../../../functions/adapters/node-ids.ts'
import { audited } from '../../../functions/middleware/audited.ts'
import { appendNoted } from '../../../shared/app/audit/append-noted.ts'
import { ROUTES } from '../../../shared/contracts/routes.ts'
import { REGISTRY_INDEXES } from '../../../shared/contracts/table-layout.ts'
import { SCOPES } from '../../../shared/domain/caller.ts'
import { OrchestratorError } from '../../../shared/domain/errors.ts'
import { createTable, startDynamoDB } from '../../support/stores/start-dynamodb.ts'

it('answers what was done, and has it as unknown, where its end cannot be told (audit-writer/W2)', async () => {
  const dynamodb = await startDynamoDB()
  try {
    await createTable(dynamodb.client, 'registry', REGISTRY_INDEXES)
    const registry = { client: dynamodb.client, table: 'registry' }
    let now = new Date('2026-01-01T00:00:00.000Z')
    const clock = { now: () => now }
    const ids = nodeIds(clock)
    const whole = dynamodbAudit({ ...registry, digest: ids.digest })
    const conclude = async () => {
      throw new OrchestratorError('UnavailableError', 'it is throttled')
    }
    const callerOf = () => ({ tenant: 'acme', subject: 'ada', kind: 'key' as const, scopes: SCOPES })
    const untold: string[] = []
    const onUntold = ({ action }: { action: string }, error: unknown) =>
      void untold.push(`${action}: ${(error as Error).message}`)
    const ports = { audit: { ...whole, conclude }, ids, clock, callerOf, onUntold }
    const event = { body: '{}' } as object as APIGatewayProxyEventV2
    const done = audited(ROUTES.createKey, async () => ({ statusCode: 201, body: 'the key' }), ports)
    expect(await done(event)).toEqual({ statusCode: 201, body: 'the key' })
    const refused = audited(
      ROUTES.createKey,
      async () => {
        throw new OrchestratorError('ForbiddenError', 'not you')
      },
      ports,
    )
    await expect(refused(event)).rejects.toThrow('not you')
    expect(untold).toEqual(['createKey: it is throttled', 'createKey: it is throttled'])
    now = new Date('2026-01-01T00:02:00.000Z')
    await appendNoted({ audit: whole, ids, clock })()
    const { entries } = await whole.listEntries('acme', { newestFirst: false, limit: 10 })
    expect(entries.map(({ outcome }) => outcome)).toEqual(['unknown', 'unknown'])
  } finally {
    await dynamodb.stop()
  }
})
