import { describe, expect, it } from 'vitest'
import * as z from 'zod'
import { requestForGoal } from '../../../shared/app/goals/goal-request.ts'
import { SubmitTaskSchema } from '../../../shared/contracts/requests.ts'
import { issuesOfZod } from '../../../shared/domain/issues-of-zod.ts'

describe('a request with a goal', () => {
  const problemsOf = (request: object): string[] => {
    const parsed = SubmitTaskSchema.safeParse(request)
    if (parsed.success) return []
    return issuesOfZod(parsed.error, { schema: SubmitTaskSchema, value: request }).map(
      ({ path, message }) => `${path}: ${message}`,
    )
  }

  it.each([
    [{ goal: 'Write it' }],
    [
      {
        goal: 'Write it',
        input: { a: 1 },
        files: [{ $file: 'files/a/b.txt' }],
        review: true,
        reviewAboveUsd: 0,
      },
    ],
    [{ goal: 'Write it', budgetUsd: 1, deadlineSeconds: 60, priority: 3, metadata: { a: 'b' } }],
    [{ type: 'simple', input: [1] }],
  ])('is %j', (request) => {
    expect(problemsOf(request)).toEqual([])
  })

  it.each([
    [{ goal: ' ' }, 'a goal says in words what is wanted'],
    [{ goal: 'x'.repeat(3_501) }, 'a goal has at most 3500 characters'],
    [
      { goal: 'x', type: 'simple' },
      'give one of "type", "workflow" (a name, YAML text, or a definition) and "goal"',
    ],
    [{ goal: 'x', workflow: 'simple' }, 'give one of'],
    [{}, 'give one of'],
    [{ goal: 'x', input: [1] }, 'the input of a goal is an object'],
    [{ goal: 'x', input: 'y' }, 'the input of a goal is an object'],
    [{ type: 'simple', review: true }, 'review is said of a goal'],
    [{ workflow: 'simple', files: [] }, 'files is said of a goal'],
    [{ goal: 'x', files: [{ $file: '../etc/passwd' }] }, 'a file reference is'],
    [{ goal: 'x', reviewAboveUsd: -1 }, 'reviewAboveUsd'],
  ])('is not %j', (request, problem) => {
    expect(problemsOf(request).join('\n')).toContain(problem)
  })

  it('says the same as JSON Schema, for clients that check requests themselves', () => {
    const schema = z.toJSONSchema(SubmitTaskSchema, { io: 'input' })
    expect(schema).toMatchObject({
      dependentRequired: { review: ['goal'], files: ['goal'], reviewAboveUsd: ['goal'] },
      else: { else: { required: ['goal'] } },
    })
  })

  it('is for the workflow of goals, with all that the planner is told as its input', () => {
    const goal = `Write ${'x'.repeat(400)}`
    const request = SubmitTaskSchema.parse({ goal, input: { a: 1 }, review: true, budgetUsd: 2 })
    expect(requestForGoal(request)).toEqual({
      workflow: 'goal',
      goal: expect.stringMatching(/^Write x{100,}/),
      input: { goal, input: { a: 1 }, review: true },
      budgetUsd: 2,
      metadata: {},
    })
    expect(requestForGoal(request).goal?.length).toBeLessThan(400)
    const other = SubmitTaskSchema.parse({ type: 'simple' })
    expect(requestForGoal(other)).toBe(other)
  })
})
