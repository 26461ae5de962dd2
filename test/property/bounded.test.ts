import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { boundedText, failureOf, MOST_CHARACTERS, MOST_NAME_CHARACTERS } from '../../shared/domain/bounded.ts'
import { OrchestratorError } from '../../shared/domain/errors.ts'
import { boundedIssues, describeIssues, issue, MOST_ISSUES } from '../../shared/domain/issue.ts'
import { boundedTask, type Task } from '../../shared/domain/task.ts'

const unit = fc.constantFrom('a', 'é', '\u0000', '\n', '"', '\\', '\ud83d', '\ude00', '\u{1f600}', 'ก')
const text = fc
  .tuple(fc.array(unit, { maxLength: 60 }), fc.integer({ min: 1, max: 400 }))
  .map(([units, times]) => units.join('').repeat(times))

describe('a bounded text', () => {
  it('has its length, is well-formed, and keeps head and tail (bounded/X1)', () => {
    fc.assert(
      fc.property(text, fc.integer({ min: 100, max: 3_000 }), (whole, most) => {
        const told = boundedText(whole, most)
        expect(told.length).toBeLessThanOrEqual(most)
        expect(told.isWellFormed()).toBe(true)
        if (whole.length <= most) expect(told.length).toBe(whole.length)
        else expect(told).toMatch(/ \.\.\. \[\d+ characters left out\] \.\.\. /)
      }),
    )
  })

  it('is unchanged if it fits, and otherwise says how much was left out (bounded/X1, bounded/X4)', () => {
    expect(boundedText('as it is')).toBe('as it is')
    const told = boundedText(`begin ${'m'.repeat(1_000_000)} end`)
    expect(told).toMatch(/^begin m+ \.\.\. \[998070 characters left out\] \.\.\. m+ end$/)
  })
})

it('keeps the first issues, and says how many more there are (bounded/X2)', () => {
  const many = Array.from({ length: 3_000 }, (_, at) => issue('invalid-value', `rows.${at}`, 'is wrong'))
  const told = boundedIssues(many)
  expect(told).toHaveLength(MOST_ISSUES + 1)
  expect(told[0]).toEqual(many[0])
  expect(told.at(-1)).toEqual(issue('more-issues', '', 'and 2900 more'))
  expect(describeIssues(many)).toMatch(/^rows\.0: is wrong; .* and 2980 more$/)
  expect(boundedIssues(many.slice(0, 3))).toEqual(many.slice(0, 3))
})

it('bounds the message and the details of every OrchestratorError', () => {
  const issues = Array.from({ length: 500 }, (_, at) =>
    issue('invalid-value', `rows.${at}`, 'x'.repeat(9_000)),
  )
  const error = new OrchestratorError('InvalidInputError', 'y'.repeat(500_000), {
    issues,
    expression: 'z'.repeat(300_000),
    waitSeconds: 3,
  })
  expect(error.message.length).toBeLessThanOrEqual(MOST_CHARACTERS)
  expect(error.details.waitSeconds).toBe(3)
  expect(JSON.stringify(error.details).length).toBeLessThan(MOST_ISSUES * 2_200)
  expect(error.stack?.length).toBeLessThan(10_000)
})

class Unreadable extends Error {
  override get name(): string {
    throw new Error('no name')
  }
  override get message(): string {
    throw new Error('no message')
  }
}
const cyclic: Record<string, unknown> = {}
cyclic.self = cyclic
const withCause = new Error('caused')
withCause.cause = withCause

describe('any thrown value can be described (bounded/X3)', () => {
  it.each([
    ['nothing', undefined, 'undefined'],
    ['null', null, 'null'],
    ['a text', 'text', 'text'],
    ['a symbol', Symbol('s'), 'Symbol(s)'],
    ['an object', { code: 7 }, '{"code":7}'],
    ['an object with a message', { message: 'said' }, 'said'],
    ['a cyclic object', cyclic, '[object Object]'],
    ['an object without a prototype', Object.create(null), '[object Object]'],
    ['a function', () => 1, '() => 1'],
    ['an error that is its own cause', withCause, 'caused'],
    ['an error of a thousand kilobytes', new Error('m'.repeat(1_000_000)), 'left out'],
  ])('%s', (_what, thrown, message) => {
    expect(failureOf(thrown).message).toContain(message)
  })

  it('also values whose getters throw', () => {
    const thrower = {
      get message() {
        throw new Error('no')
      },
      toString() {
        throw new Error('no')
      },
      toJSON() {
        throw new Error('no')
      },
    }
    const proxy = new Proxy(
      {},
      {
        get() {
          throw new Error('no')
        },
        getOwnPropertyDescriptor() {
          throw new Error('no')
        },
      },
    )
    for (const thrown of [new Unreadable(), thrower, proxy]) {
      const { name, message } = failureOf(thrown)
      expect([typeof name, typeof message]).toEqual(['string', 'string'])
    }
  })

  it('and anything else', () => {
    fc.assert(
      fc.property(
        fc.anything({
          withBigInt: true,
          withNullPrototype: true,
          withDate: true,
          withMap: true,
        }),
        (thrown) => {
          const { name, message } = failureOf(thrown)
          expect(name.length).toBeLessThanOrEqual(MOST_NAME_CHARACTERS)
          expect(message.length).toBeLessThanOrEqual(MOST_CHARACTERS)
          expect((name + message).isWellFormed()).toBe(true)
        },
      ),
    )
  })
})

const DYNAMODB_ITEM = 400 * 1024

it('stores far less than an item holds, for a task with messages of any length', () => {
  const common = {
    id: 't',
    tenant: 'default',
    workflow: { name: 'w', version: 1 },
    stateMachineArn: 'arn',
    execution: 1,
    requestDigest: 'd',
    createdAt: '',
    metadata: {},
    endedAt: '',
  }
  fc.assert(
    fc.property(text, fc.integer({ min: 0, max: 3_000 }), (said, steps) => {
      const reason = said.repeat(20)
      const degraded = Array.from({ length: steps }, (_, at) => ({ path: `poll[${at}].ask`, reason }))
      const tasks: Task[] = [
        { ...common, status: 'succeeded', result: { inline: '1' }, degraded },
        { ...common, status: 'failed', error: { name: reason, message: reason } },
        { ...common, status: 'cancelled', reason },
      ]
      for (const task of tasks) {
        const stored = boundedTask(task)
        expect(Buffer.byteLength(JSON.stringify(stored))).toBeLessThan(DYNAMODB_ITEM / 4)
        expect(boundedTask(stored)).toEqual(stored)
      }
    }),
    { numRuns: 30 },
  )
})
