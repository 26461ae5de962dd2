import { describe, expect, it } from 'vitest'
import { chooseAgent } from '../../shared/selector/choose-agent.ts'
import { makeAgent } from '../support/make-agent.ts'

const cheap = makeAgent({ id: 'cheap', price: { perCallUsd: 0.001 } })
const dear = makeAgent({ id: 'dear', price: { perCallUsd: 0.01 } })
const request = { stepId: 's', capability: 'work.do', agents: [dear, cheap], loads: new Map() }

describe('chooseAgent', () => {
  it('prefers the least loaded, then the cheapest, and says why', () => {
    expect(chooseAgent(request).agent?.id).toBe('cheap')
    const busy = chooseAgent({ ...request, loads: new Map([['cheap', 3]]) })
    expect(busy.agent?.id).toBe('dear')
    expect(busy).toMatchObject({ decision: { reason: 'least loaded: 0 against 3 of cheap' } })
  })

  it('lists the candidates, eligible or not', () => {
    const retired = makeAgent({ id: 'old', status: 'inactive' })
    const selection = chooseAgent({
      ...request,
      agents: [cheap, retired, makeAgent({ id: 'else', capability: 'other' })],
    })
    expect(selection).toMatchObject({
      decision: {
        chosen: 'cheap',
        candidates: [
          { agentId: 'cheap', eligible: true, reason: 'eligible' },
          { agentId: 'old', eligible: false, reason: 'is inactive' },
        ],
      },
    })
  })

  it('obeys a pin, with its version', () => {
    expect(chooseAgent({ ...request, pinned: 'dear' }).agent?.id).toBe('dear')
    expect(chooseAgent({ ...request, pinned: 'dear@9.9.9' })).toEqual({
      refusals: ['dear: the step pins dear@9.9.9, this is version 1.0.0', 'cheap: the step pins dear@9.9.9'],
    })
  })

  it('does not choose an agent that failed the step', () => {
    const excluded = new Map([['cheap', 'failed this step: boom']])
    expect(chooseAgent({ ...request, excluded }).agent?.id).toBe('dear')
  })

  it('gives an equal choice for equal input, whatever the order', () => {
    const twins = [makeAgent({ id: 'b' }), makeAgent({ id: 'a' })]
    expect(chooseAgent({ ...request, agents: twins }).agent?.id).toBe('a')
    expect(chooseAgent({ ...request, agents: twins.toReversed() }).agent?.id).toBe('a')
  })
})
