import { describe, expect, it } from 'vitest'
import type { TaskState } from '../../shared/compiler/asl.ts'
import { GATE_WRITE, gateState } from '../../shared/compiler/gate-state.ts'
import { exploreGate, PRODUCERS } from '../support/models/gate-model.ts'

const GATE = gateState({ name: 'c', agent: '', path: "'c'" }, PRODUCERS.length)

/** The state with another condition on its write. Values that no expression mentions are removed, because DynamoDB would refuse them. */
function withCondition(ConditionExpression: string): TaskState {
  const values = Object.entries(GATE.Arguments.ExpressionAttributeValues as object)
  const mentioned = values.filter(([name]) =>
    `${GATE_WRITE.UpdateExpression} ${ConditionExpression}`.includes(name),
  )
  const ExpressionAttributeValues = Object.fromEntries(mentioned)
  return { ...GATE, Arguments: { ...GATE.Arguments, ConditionExpression, ExpressionAttributeValues } }
}
function withFence(fence: string | undefined): TaskState {
  const values = GATE.Arguments.ExpressionAttributeValues as Record<string, { S: string }>
  return {
    ...GATE,
    Arguments: { ...GATE.Arguments, ExpressionAttributeValues: { ...values, ':f': { S: fence } } },
  }
}

const NOT_DONE = '(attribute_not_exists(done) OR size(done) < :n)'
const FENCED = '(attribute_not_exists(fence) OR fence <= :f)'

describe('a gate, in every order of what can happen (gates/G1, gates/G2, gates/G3, gates/G4, gate-state/W1, gate-state/W2)', () => {
  it('lets no state wait for ever or continue too early, also when the clock goes back', async () => {
    const { situations, lost, early } = await exploreGate(GATE)
    expect([lost, early]).toEqual([undefined, undefined])
    expect(situations).toBeGreaterThan(500)
  })

  it('would wait for ever without the fence: a late write would restore a dead token (gate-state/W2)', async () => {
    const { lost } = await exploreGate(withCondition(NOT_DONE))
    expect(lost).toContain('a write arrives again')
  })

  it('would wait for ever if the state did not check whether all have ended (gate-state/W1, gates/G4)', async () => {
    const { lost } = await exploreGate(withCondition(FENCED))
    expect(lost?.at(-1)).toBe('the state writes')
  })

  it('would wait for ever if a step that replays its receipt did not signal again (gates/G3)', async () => {
    const { lost } = await exploreGate(GATE, { silentReplay: true })
    expect(lost).toEqual(expect.arrayContaining([expect.stringMatching(/is cut off$/)]))
  })

  it('would wait for ever if the retry were not part of the fence: the write of a wait that has timed out may arrive late (gate-state/W3)', async () => {
    const values = GATE.Arguments.ExpressionAttributeValues as Record<string, { S: string }>
    const withoutRetry = values[':f']?.S.replace(
      / & '#' & \$string\(1000 \+ \$states\.context\.State\.RetryCount\)/,
      '',
    )
    expect(withoutRetry).not.toBe(values[':f']?.S)
    const { lost } = await exploreGate(withFence(withoutRetry))
    expect(lost).toContain('the wait times out')
  })

  it('would continue too early if the entry time were part of the fence: a redrive after the clock has gone back (gate-state/W2)', async () => {
    const values = GATE.Arguments.ExpressionAttributeValues as Record<string, { S: string }>
    const fence = String(values[':f']?.S).replace('{% ', "{% $states.context.State.EnteredTime & '#' & ")
    const { early } = await exploreGate(withFence(fence))
    expect(early).toContain('the execution is redriven')
  })
})
