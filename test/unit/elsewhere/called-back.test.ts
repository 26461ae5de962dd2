import { describe, expect, it } from 'vitest'
import type { AgentContext } from '../../../shared/agent/index.ts'
import { type ResumedBy, suspension, suspensionIn } from '../../../shared/agent/suspend.ts'
import { NOTHING_ALLOWED } from '../../../shared/domain/elsewhere/settings.ts'
import { elsewhereAgent } from '../../../shared/host/elsewhere/elsewhere-agent.ts'
import type { ElsewhereReply, ElsewhereRequest } from '../../../shared/ports/elsewhere.ts'
import { hostInMemory } from '../../support/agents/host-in-memory.ts'
import { makeAgent } from '../../support/agents/make-agent.ts'

const callback = { url: 'https://api.example.com/callbacks/cb_1', token: 'cb_1' }

/** What the agent answers in a turn, what it was sent, and what it has spent. */
async function turn({
  suspends = true,
  by,
  reply,
}: {
  suspends?: boolean
  by?: ResumedBy
  reply?: ElsewhereReply
}) {
  const { ports } = hostInMemory()
  const sent: ElsewhereRequest[] = []
  const spent: object[] = []
  const agent = {
    ...makeAgent({ id: 'builder' }),
    elsewhere: { kind: 'http', url: 'https://agents.example.com' } as const,
    capabilities: [{ name: 'work.do', description: '', inputSchema: {}, outputSchema: {}, suspends }],
  }
  const elsewhere = {
    call: async (_place: object, request: ElsewhereRequest): Promise<ElsewhereReply> => {
      sent.push(request)
      return (
        reply ?? { kind: 'http', status: 202, headers: {}, body: '{"timeoutSeconds":3600}', truncated: false }
      )
    },
    ping: async () => undefined,
  }
  const context: Partial<AgentContext> = {
    task: { id: 't_1', type: undefined, metadata: {} },
    step: { path: 'build', run: '0001.0000' },
    attempt: 1,
    deadline: new Date('2026-01-01T00:01:00Z'),
    signal: new AbortController().signal,
    resumed: by && { state: null, n: 1, by, version: '1.0.0' },
    callback: async () => callback,
    suspend: suspension,
    spend: (one) => void spent.push(one),
  }
  const defined = elsewhereAgent({ ...ports, elsewhere, allowed: NOTHING_ALLOWED }, agent, [])
  const answer = await defined
    .execute({ capability: 'work.do', input: {} }, context as AgentContext)
    .catch((error: unknown) => error)
  return { answer, sent, spent }
}

describe('an agent elsewhere that answers by callback', () => {
  it('is told where to answer, and its step is suspended until it does', async () => {
    const { answer, sent } = await turn({})
    expect(JSON.parse(sent[0]?.body ?? '')).toMatchObject({ callback })
    expect(suspensionIn(answer)).toEqual({ until: { callback, timeoutSeconds: 3_600 } })
  })

  it('is waited for a day where it says no time, and pays for its call', async () => {
    const body = '{"heartbeatSeconds":30,"costUsd":2}'
    const { answer, spent } = await turn({
      reply: { kind: 'http', status: 202, headers: {}, body, truncated: false },
    })
    expect(suspensionIn(answer)).toEqual({
      until: { callback, timeoutSeconds: 86_400, heartbeatSeconds: 30 },
    })
    expect(spent).toEqual([{ costUsd: 2 }])
  })

  it('may answer at once all the same', async () => {
    const body = '{"output":{"built":true}}'
    const { answer } = await turn({
      reply: { kind: 'http', status: 200, headers: {}, body, truncated: false },
    })
    expect(answer).toEqual({ built: true })
  })

  it('gets no callback, and may not suspend, where its capability does not say so', async () => {
    const { answer, sent } = await turn({ suspends: false })
    expect(JSON.parse(sent[0]?.body ?? '')).not.toHaveProperty('callback')
    expect(answer).toMatchObject({
      name: 'AgentFinalError',
      message: expect.stringContaining('suspends: true'),
    })
  })

  it.each<[what: string, by: ResumedBy, answer: unknown]>([
    ['an output', { kind: 'callback', output: { built: 1 } }, { built: 1 }],
    [
      'an error',
      { kind: 'callback', error: { name: 'CompileError', message: 'no main' } },
      expect.objectContaining({
        name: 'AgentFinalError',
        message: expect.stringContaining('CompileError: no main'),
      }),
    ],
    [
      'nothing in time',
      { kind: 'timeout' },
      expect.objectContaining({
        name: 'AgentFinalError',
        message: expect.stringContaining('ended by timeout'),
      }),
    ],
  ])('has brought %s, and is not called again', async (_what, by, expected) => {
    const { answer, sent } = await turn({ by })
    expect(answer).toEqual(expected)
    expect(sent).toEqual([])
  })
})
