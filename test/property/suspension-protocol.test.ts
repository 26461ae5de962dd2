import { describe, expect, it } from 'vitest'
import type { TaskState } from '../../shared/compiler/asl.ts'
import { SUSPEND_WRITE, statesOfSuspension } from '../../shared/compiler/suspend-states.ts'
import { exploreSuspension, STEP } from '../support/models/suspension-model.ts'

const STATE = statesOfSuspension(STEP, 'next')[`${STEP.name}: suspend`] as TaskState

/** The state with another condition on its write. Values that no expression mentions are removed, because DynamoDB would refuse them. */
function withCondition(ConditionExpression: string): TaskState {
  const values = Object.entries(STATE.Arguments.ExpressionAttributeValues as object)
  const mentioned = values.filter(([name]) =>
    `${SUSPEND_WRITE.UpdateExpression} ${ConditionExpression}`.includes(name),
  )
  const ExpressionAttributeValues = Object.fromEntries(mentioned)
  return { ...STATE, Arguments: { ...STATE.Arguments, ConditionExpression, ExpressionAttributeValues } }
}

function withFence(fence: string): TaskState {
  const values = STATE.Arguments.ExpressionAttributeValues as Record<string, { S: string }>
  return {
    ...STATE,
    Arguments: { ...STATE.Arguments, ExpressionAttributeValues: { ...values, ':f': { S: fence } } },
  }
}

const NOT_WOKEN = '(attribute_not_exists(woken) OR woken < :n)'
const FENCED = '(attribute_not_exists(fence) OR fence <= :f)'

describe('a suspended step, in every order of what can happen (suspending/V1, suspending/V2, suspend-state/W1, suspend-state/W2, suspend-state/W3)', () => {
  it('is resumed by exactly one cause, the one that was told so, and no wake is lost', async () => {
    const { situations, lost, twice } = await exploreSuspension(STATE)
    expect([lost, twice]).toEqual([undefined, undefined])
    expect(situations).toBeGreaterThan(5_000)
  })

  it('would wait although it was woken if the state did not look (suspend-state/W1)', async () => {
    const { lost } = await exploreSuspension(withCondition(FENCED))
    expect(lost?.at(-1)).toBe('the state writes')
  })

  it('would lose a wake without the fence: a late write would restore a dead token (suspend-state/W2)', async () => {
    const { lost } = await exploreSuspension(withCondition(NOT_WOKEN))
    expect(lost).toContain('a write arrives again')
  })

  it('would lose one if redrives were no part of the fence (suspend-state/W2)', async () => {
    const values = STATE.Arguments.ExpressionAttributeValues as Record<string, { S: string }>
    const fence = String(values[':f']?.S)
    const without = fence.replace('$string(1000 + $states.context.Execution.RedriveCount) & ', '')
    expect(without).not.toBe(fence)
    const { lost } = await exploreSuspension(withFence(without))
    expect(lost).toContain('the execution is redriven')
  })

  it('would lose one if a repeated answer were not sent again (suspending/V2)', async () => {
    const { lost } = await exploreSuspension(STATE, { silentRepeat: true })
    expect(lost).toEqual(expect.arrayContaining([expect.stringMatching(/is cut off$/)]))
  })

  it('would be resumed by another cause than was told so if the host did not claim the end of the time (suspending/V1)', async () => {
    const { twice } = await exploreSuspension(STATE, { blindHost: true })
    expect(twice).toContain('the time is over')
  })
})
