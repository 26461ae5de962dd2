import type { APIGatewayProxyEventV2 } from 'aws-lambda'
import { describe, expect, it } from 'vitest'
import * as z from 'zod'
import { callerOfRequest } from '../../../functions/middleware/caller-of-request.ts'
import { ROUTES } from '../../../shared/contracts/routes.ts'
import { SCOPES } from '../../../shared/domain/caller.ts'

const ARN = 'arn:aws:sts::123456789012:assumed-role/ci/build-7'
const requestOf = (authorizer: object | undefined, more: object = {}) =>
  ({
    routeKey: 'GET /api/v1/tasks',
    headers: {},
    requestContext: { authorizer },
    ...more,
  }) as object as APIGatewayProxyEventV2

describe('the caller of a request', () => {
  it('is the caller that API Gateway has verified: of the default tenant, with every scope', () => {
    expect(callerOfRequest(requestOf({ iam: { accountId: '123456789012', userArn: ARN } }))).toEqual({
      tenant: 'default',
      subject: ARN,
      kind: 'iam',
      scopes: SCOPES,
    })
  })

  it('is local on the embedded cloud, whose gateway gives no ARN', () => {
    expect(callerOfRequest(requestOf({ iam: { userArn: 'local' } }))).toMatchObject({
      tenant: 'default',
      subject: 'local',
      kind: 'local',
    })
  })

  it('does not depend on what the request claims', () => {
    const forged = { 'x-tenant': 'other', tenant: 'other', 'x-amzn-iam-user-arn': 'arn:aws:iam::1:root' }
    const said = { headers: forged, queryStringParameters: { tenant: 'other' }, body: '{"tenant":"other"}' }
    expect(callerOfRequest(requestOf({ iam: { userArn: ARN } }, said))).toMatchObject({
      tenant: 'default',
      subject: ARN,
    })
  })

  it.each([
    ['no authorizer', undefined],
    ['an authorizer of another kind', { jwt: { claims: { sub: 'ada' } } }],
    ['no ARN', { iam: { userArn: null } }],
  ])('is not guessed where a route has %s', (_what, authorizer) => {
    expect(() => callerOfRequest(requestOf(authorizer))).toThrow(
      expect.objectContaining({
        name: 'ConfigError',
        message: expect.stringContaining('route "GET /api/v1/tasks" has no IAM authorizer'),
      }),
    )
  })
})

describe.each(Object.values(ROUTES))('the input of $id', ({ input }) => {
  it('has no tenant: that is the caller’s', () => {
    const schema = z.toJSONSchema(input, { io: 'input', unrepresentable: 'any' })
    expect(Object.keys(schema.properties ?? {})).not.toContain('tenant')
    expect(schema).toMatchObject({ type: 'object', additionalProperties: false })
  })
})
