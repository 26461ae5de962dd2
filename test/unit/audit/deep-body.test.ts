import type { APIGatewayProxyEventV2 } from 'aws-lambda'
import { expect, it } from 'vitest'
import { nodeIds, systemClock } from '../../../functions/adapters/node-ids.ts'
import { audited } from '../../../functions/middleware/audited.ts'
import { httpHandler } from '../../../functions/middleware/http-handler.ts'
import { ROUTES } from '../../../shared/contracts/routes.ts'
import type { Audit } from '../../../shared/ports/audit.ts'
import { callerOf } from '../../support/stores/callers.ts'
import { portWith } from '../../support/stores/ports-with.ts'

const nested = (levels: number): object => JSON.parse(`${'{"a":'.repeat(levels)}1${'}'.repeat(levels)}`)

it.each([2, 101, 100_000])(
  'notes a body of %i levels, and leaves its refusal to the route',
  async (levels) => {
    const concluded: unknown[] = []
    const audit = portWith<Audit>(
      {
        note: async () => undefined,
        countRefused: async () => 1,
        conclude: async (call) => void concluded.push(call),
      },
      'audit',
    )
    const door = { callerOf: () => callerOf('acme') }
    const route = ROUTES.cancelAllTasks
    const never = httpHandler(route, () => Promise.reject(new Error('it was not refused')), door)
    const handler = audited(route, never, { audit, ids: nodeIds(systemClock), clock: systemClock, ...door })
    const event: object = { headers: {}, body: nested(levels) }
    await expect(handler(event as APIGatewayProxyEventV2)).rejects.toMatchObject({
      name: 'InvalidInputError',
    })
    expect(concluded).toMatchObject([{ outcome: 'refused', status: 400, asked: expect.any(String) }])
  },
)
