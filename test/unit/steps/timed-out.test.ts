import { expect, it } from 'vitest'
import { failureInCause } from '../../../shared/app/steps/failure-in-cause.ts'
import { HOST_MARGIN_SECONDS } from '../../../shared/domain/host-margin.ts'

const causeOf = (errorMessage: string) => JSON.stringify({ errorType: 'Sandbox.Timedout', errorMessage })

it.each([
  ['RequestId: 1 Error: Task timed out after 10.00 seconds', 10],
  ['2026-01-01T00:00:00.000Z 1 Task timed out after 65.00 seconds', 65],
])('a function that ran into its timeout says the limit of its author: %s', (message, seconds) => {
  const { name, message: told } = failureInCause('Sandbox.Timedout', causeOf(message))
  expect(name).toBe('Sandbox.Timedout')
  expect(told).toContain(
    `after ${seconds} s: limits.timeoutSeconds of the agent, ${seconds - HOST_MARGIN_SECONDS}, and`,
  )
  expect(told).toContain('event loop blocked')
})

it('keeps a message of another form', () => {
  expect(failureInCause('Sandbox.Timedout', causeOf('gone'))).toEqual({
    name: 'Sandbox.Timedout',
    message: 'gone',
  })
})
