import type { APIGatewayProxyEventV2 } from 'aws-lambda'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import * as z from 'zod'
import { callerOfRequest } from '../../../functions/middleware/caller-of-request.ts'
import { ROUTES } from '../../../shared/contracts/routes.ts'
import { SCOPES } from '../../../shared/domain/caller.ts'
import type { CallerRole } from '../../../shared/domain/caller-roles.ts'

const ARN = 'arn:aws:sts::123456789012:assumed-role/ci/build-7'
const requestOf = (authorizer: object | undefined, more: object = {}) =>
  ({
    routeKey: 'GET /api/v1/tasks',
    headers: {},
    requestContext: { accountId: '123456789012', authorizer },
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
        message: expect.stringContaining('route "GET /api/v1/tasks" has no authorizer'),
      }),
    )
  })
})

describe('the caller of a stage that maps roles', () => {
  const roles: CallerRole[] = [
    'reports-admin',
    { role: 'reports-*', tenant: 'acme', scopes: ['tasks:read'] },
    { role: 'AWSReservedSSO_*_ab', tenant: 'people' },
    { role: 'bo', scopes: ['admin'] },
  ]
  const EVERYTHING = { tenant: 'default', scopes: SCOPES }
  const ACME = { tenant: 'acme', scopes: ['tasks:read'] }
  const of = (rest: string, account = '123456789012', given = roles) =>
    callerOfRequest(requestOf({ iam: { userArn: `arn:aws:${rest.replace('@', `:${account}:`)}` } }), {
      roles: given,
    })

  it.each<[string, object]>([
    ['sts:@assumed-role/reports-daily/session', ACME],
    ['sts:@assumed-role/reports-/reports-admin', ACME],
    // What comes first decides.
    ['sts:@assumed-role/reports-admin/s', EVERYTHING],
    ['iam:@user/division/reports-x', ACME],
    ['iam:@user/reports-x/ada', EVERYTHING],
    ['sts:@assumed-role/other/reports-x', EVERYTHING],
    ['sts:@assumed-role/AWSReservedSSO_Dev_ab/ada@example.com', { tenant: 'people', scopes: SCOPES }],
    ['sts:@assumed-role/AWSReservedSSO_ab/ada', EVERYTHING],
    ['iam:@user/bo', { tenant: 'default', scopes: ['admin'] }],
    ['iam:@user/bob', EVERYTHING],
    ['iam:@root', EVERYTHING],
  ])('%s', (rest, expected) => {
    expect(of(rest)).toMatchObject({ ...expected, kind: 'iam' })
  })

  it('may do nothing under a name that it has chosen itself, or that is another account’s', () => {
    for (const rest of ['sts:@federated-user/bo', 'sts:@assumed-role/bo', 'sts:@strange/bo/x'])
      expect(of(rest).scopes).toEqual([])
    expect(of('sts:@assumed-role/bo/s', '999999999999').scopes).toEqual([])
    const all = [{ role: '*', tenant: 'acme', scopes: ['tasks:read' as const] }]
    expect(of('sts:@federated-user/bo', '123456789012', all)).toMatchObject(ACME)
    expect(of('iam:@root', '123456789012', all)).toMatchObject(ACME)
  })

  it('has every scope where names alone are listed', () => {
    expect(of('sts:@federated-user/x', '123456789012', ['a'])).toMatchObject(EVERYTHING)
  })

  it('matches patterns as a regular expression with the same parts does', () => {
    const text = fc.string({ unit: fc.constantFrom('a', 'b'), maxLength: 7 })
    const pattern = fc.string({ unit: fc.constantFrom('a', 'b', '*'), minLength: 1, maxLength: 6 })
    fc.assert(
      fc.property(pattern, text, (role, name) => {
        const isMapped = of(`sts:@assumed-role/r${name}/s`, '123456789012', [
          { role: `r${role}`, tenant: 'acme' },
        ])
        const wanted = new RegExp(`^r${role.replaceAll('*', '.*')}$`).test(`r${name}`)
        expect(isMapped.tenant).toBe(wanted ? 'acme' : 'default')
      }),
    )
  })
})

/** What an operator asks of another tenant; the use case decides whether he may. */
const OF_OTHERS = ['getUsage']

describe.each(Object.values(ROUTES).filter(({ id }) => !OF_OTHERS.includes(id)))(
  'the input of $id',
  ({ input }) => {
    it('has no tenant: that is the caller’s', () => {
      const schema = z.toJSONSchema(input, { io: 'input', unrepresentable: 'any' })
      expect(Object.keys(schema.properties ?? {})).not.toContain('tenant')
      expect(schema).toMatchObject({ type: 'object', additionalProperties: false })
    })
  },
)
