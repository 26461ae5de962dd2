import { describe, expect, it } from 'vitest'
import { hasSameContent } from '../../../shared/app/catalogue/same-content.ts'
import { WorkflowSchema } from '../../../shared/workflow/schema.ts'

const withRetry = (retry?: object) =>
  WorkflowSchema.parse({ name: 'flow', version: 1, steps: { a: { capability: 'work.do', retry } } })

/** As a version without `retry.on` has stored it: with every other default. */
function storedWithoutOn(retry?: object) {
  const stored = structuredClone(withRetry(retry))
  for (const step of Object.values(stored.steps))
    if ('retry' in step) Reflect.deleteProperty(step.retry ?? {}, 'on')
  return stored
}

describe('whether a workflow says the same as one that was stored without `retry.on`', () => {
  it.each([
    { was: undefined, is: undefined, same: true },
    { was: undefined, is: {}, same: true },
    { was: undefined, is: { on: ['transient'] }, same: true },
    { was: undefined, is: { on: ['error'] }, same: true },
    { was: undefined, is: { on: ['timeout'] }, same: false },
    { was: undefined, is: { on: ['error', 'timeout'] }, same: false },
    { was: { maxAttempts: 5 }, is: { maxAttempts: 5 }, same: true },
    { was: { maxAttempts: 5 }, is: { maxAttempts: 5, on: ['error'] }, same: true },
    { was: { maxAttempts: 5 }, is: { maxAttempts: 5, on: ['transient'] }, same: false },
    { was: { maxAttempts: 5 }, is: { maxAttempts: 5, on: ['timeout'] }, same: false },
    { was: { maxAttempts: 5 }, is: { maxAttempts: 4 }, same: false },
  ])('was $was, is $is: $same (publish/V1, deployment/D5)', ({ was, is, same }) => {
    expect(hasSameContent(withRetry(is), storedWithoutOn(was))).toBe(same)
  })
})
