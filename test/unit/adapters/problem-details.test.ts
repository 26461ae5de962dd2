import { Logger } from '@aws-lambda-powertools/logger'
import middy from '@middy/core'
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2, Context } from 'aws-lambda'
import { expect, it } from 'vitest'
import { problemDetails } from '../../../functions/middleware/problem-details.ts'
import { OrchestratorError } from '../../../shared/domain/errors.ts'
import { issue } from '../../../shared/domain/issue.ts'

/** The body of the answer to a request whose handler throws the error. */
async function bodyOf(error: Error, rawPath = '/v1/tasks') {
  const handler = middy<APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2>(async () => {
    throw error
  }).use(problemDetails({ logger: new Logger({ logLevel: 'SILENT' }) }))
  const { body } = await handler({ rawPath } as APIGatewayProxyEventV2, { awsRequestId: 'r' } as Context)
  return JSON.parse(String(body))
}

it('says how many issues were left out', async () => {
  const issues = Array.from({ length: 3_000 }, (_, at) => issue('invalid-value', `rows.${at}`, 'is wrong'))
  const { issues: told } = await bodyOf(new OrchestratorError('InvalidInputError', 'wrong', { issues }))
  expect(told).toHaveLength(101)
  expect(told.at(-1).message).toBe('and 2900 more')
})

it('stays small for large requests', async () => {
  const issues = [issue('invalid-value', 'p'.repeat(5_000), 'm'.repeat(5_000))]
  const error = new OrchestratorError('InvalidInputError', 'x'.repeat(1e6), { issues })
  expect(JSON.stringify(await bodyOf(error, `/${'y'.repeat(1e5)}`)).length).toBeLessThan(6_000)
})

it('tells a cause once', async () => {
  const cause = new OrchestratorError('InvalidInputError', 'x is missing')
  const told = new OrchestratorError(
    'InvalidInputError',
    'without the others: x is missing; later',
    {},
    cause,
  )
  expect(await bodyOf(told)).toMatchObject({ detail: 'without the others: x is missing; later' })
  const other = new OrchestratorError('InvalidInputError', 'not read', {}, cause)
  expect(await bodyOf(other)).toMatchObject({ detail: 'not read: x is missing' })
})

it('hides the cause of a failure, but says what an installation that is starting still lacks', async () => {
  const counts = { registered: 1, expected: 2 }
  const starting = { agents: counts, workflows: counts }
  const error = new OrchestratorError('StartingError', '1 of 2 are registered', { starting })
  expect(await bodyOf(error)).toMatchObject({
    type: 'urn:orchestrator:StartingError',
    status: 503,
    detail: '1 of 2 are registered',
    starting,
  })
  const failed = await bodyOf(new OrchestratorError('UnavailableError', 'the table of secrets'))
  expect(JSON.stringify(failed)).not.toContain('secrets')
})
