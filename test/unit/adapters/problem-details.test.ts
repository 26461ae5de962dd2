import type { Logger } from '@aws-lambda-powertools/logger'
import { expect, it } from 'vitest'
import { problemDetails } from '../../../functions/middleware/problem-details.ts'
import { OrchestratorError } from '../../../shared/domain/errors.ts'
import { issue } from '../../../shared/domain/issue.ts'

function bodyOf(error: Error, rawPath = '/v1/tasks') {
  const request = { error, event: { rawPath }, context: { awsRequestId: 'r' }, response: undefined }
  problemDetails({ logger: {} as Logger }).onError?.(request as never)
  return JSON.parse((request.response as unknown as { body: string }).body)
}

it('says of many issues how many it has left out', () => {
  const issues = Array.from({ length: 3_000 }, (_, at) => issue('invalid-value', `rows.${at}`, 'is wrong'))
  const told = bodyOf(new OrchestratorError('InvalidInputError', 'wrong', { issues })).issues
  expect(told).toHaveLength(101)
  expect(told.at(-1).message).toBe('and 2900 more')
})

it('is no larger for what was sent', () => {
  const issues = [issue('invalid-value', 'p'.repeat(5_000), 'm'.repeat(5_000))]
  const error = new OrchestratorError('InvalidInputError', 'x'.repeat(1e6), { issues })
  expect(JSON.stringify(bodyOf(error, `/${'y'.repeat(1e5)}`)).length).toBeLessThan(6_000)
})
