import { describe, expect, it } from 'vitest'
import { testWorkflow, type WorkflowTest } from '../../../testing/index.ts'

type Call = { name: string; input: object; id?: string }
const calls = (...all: [string, object][]) =>
  ({ calls: all.map(([name, input]): Call => ({ name, input })) }) as never

const supervisor = (converse: object = {}, more: object = {}) => ({
  name: 'supervisor',
  input: { type: 'object', properties: { question: { type: 'string' } } },
  steps: {
    ask: {
      converse: {
        system: 'You lead a team.',
        input: '{% $input.question %}',
        capabilities: ['team.search', 'team.count'],
        ...converse,
      },
      ...more,
    },
  },
  output: '{% $steps.ask %}',
})
const agents: WorkflowTest['agents'] = {
  'team.search': (input: unknown) => ({ found: `notes on ${(input as { q: string }).q}` }),
  'team.count': () => 7,
}
const run = (models: unknown, converse: object = {}, rest: object = {}, more: object = {}) =>
  testWorkflow(supervisor(converse, more), {
    agents,
    input: { question: 'how many?' },
    models: models as never,
    ...rest,
  })

describe('a conversation', () => {
  it('answers without a call', async () => {
    const { result, modelCalls, steps } = await run(['Seven.'])
    expect(result).toEqual({ text: 'Seven.', turns: 1, calls: [] })
    expect(modelCalls[0]?.messages).toEqual([{ role: 'user', parts: [{ kind: 'text', text: 'how many?' }] }])
    expect(modelCalls[0]?.system.at(-1)).toBe('You lead a team.')
    expect(modelCalls[0]?.tools?.map(({ name }) => name)).toEqual(['team.search', 'team.count'])
    expect(Object.keys(steps).sort()).toEqual(['ask', 'ask[1].calls', 'ask[1].turn'])
  })

  it('calls agents side by side, as steps, and tells the model what has come of it', async () => {
    const { result, modelCalls, steps } = await run([
      calls(['team_search', { q: 'seals' }], ['team_count', {}]),
      'There are 7.',
    ])
    expect(result).toEqual({
      text: 'There are 7.',
      turns: 2,
      calls: [
        { turn: 1, capability: 'team.search', status: 'succeeded' },
        { turn: 1, capability: 'team.count', status: 'succeeded' },
      ],
    })
    expect(steps['ask[1].calls[0].call']).toMatchObject({ capability: 'team.search', agentId: 'team-search' })
    expect(modelCalls[1]?.messages.at(-1)?.parts).toMatchObject([
      { kind: 'tool-result', name: 'team.search', output: { found: 'notes on seals' } },
      { kind: 'tool-result', name: 'team.count', output: 7 },
    ])
  })
})

describe('a call of a conversation', () => {
  it('that fails is told to the model, which goes on (turn/N2)', async () => {
    const { result, modelCalls, steps, status } = await run(
      [calls(['team_search', { q: 'seals' }], ['team_count', {}]), 'I do not know.'],
      {},
      { agents: { ...agents, 'team.count': { fails: { name: 'AgentFinalError', message: 'no counter' } } } },
    )
    expect(status).toBe('succeeded')
    expect(result).toMatchObject({
      calls: [{ status: 'succeeded' }, { capability: 'team.count', status: 'failed' }],
    })
    expect(steps['ask[1].calls[1].call']).toMatchObject({ status: 'failed' })
    expect(modelCalls[1]?.messages.at(-1)?.parts[1]).toMatchObject({
      output: { error: expect.stringContaining('no counter') as never },
      isError: true,
    })
  })

  it.each([
    [
      'of a tool that is not there',
      ['team_serch', {}],
      'there is no tool "team_serch"; did you mean "team.search"',
    ],
    ['of a capability outside its list', ['mail.send', { to: 'all' }], 'there is no tool "mail.send"'],
  ])('%s is answered and not made', async (_what, [name, input], told) => {
    const {
      result,
      modelCalls,
      calls: made,
    } = await run(
      [calls([name as string, input as object]), 'Sorry.'],
      {},
      { agents: { ...agents, 'mail.send': () => 'sent' } },
    )
    expect(result).toEqual({ text: 'Sorry.', turns: 2, calls: [] })
    expect(modelCalls[1]?.messages.at(-1)?.parts[0]).toMatchObject({
      output: { error: expect.stringContaining(told) as never },
      isError: true,
    })
    expect(made.map(({ capability }) => capability)).toEqual(['model.turn', 'model.turn'])
  })

  it.each([
    ['of another task', `task-files/default/t_${'0'.repeat(26)}/f_${'0'.repeat(26)}/secret.txt`],
    ['that is none', 'task-files/nothing'],
    ['that was uploaded for others', 'files/contracts/all.pdf'],
  ])(
    'with a file %s is answered and not made, though it stands in what was asked (turn/N2)',
    async (_what, file) => {
      const { result, modelCalls } = await run(
        [calls(['team_search', { q: { $file: file } }], ['team_count', {}]), 'Sorry.'],
        {},
        { input: { question: `read ${file}` } },
      )
      expect(result).toMatchObject({
        text: 'Sorry.',
        calls: [{ capability: 'team.count', status: 'succeeded' }],
      })
      expect(modelCalls[1]?.messages.at(-1)?.parts[0]).toMatchObject({
        output: { error: expect.stringContaining('a file that is not there') as never },
      })
    },
  )

  it('is named by its capability, whichever name the model has called', async () => {
    const { modelCalls, steps } = await run([
      calls(['team_search', { q: 'a' }], ['team.search', { q: 'b' }]),
      'Done.',
    ])
    const named = modelCalls[1]?.messages.flatMap(({ parts }) =>
      parts.flatMap((part) => ('name' in part ? part.name : [])),
    )
    expect(named).toEqual(Array(4).fill('team.search'))
    expect(steps['ask[1].calls[1].call']).toMatchObject({ capability: 'team.search', status: 'succeeded' })
    expect(modelCalls[0]?.system[0]).toContain(
      'Texts name a tool as team.search where it is called by team_search',
    )
  })

  it('with a name, an id and arguments of any size is kept short (bounded-answer/A1)', async () => {
    const huge = 'x'.repeat(100_000)
    const script = [
      {
        calls: [
          { name: huge, input: {}, id: huge },
          { name: 'team_search', input: { q: huge } },
          { name: 'team_count', input: { all: huge.repeat(3) } },
        ],
      },
      'Done.',
    ]
    const { modelCalls, result, calls: made } = await run(script)
    const told = modelCalls[1]?.messages.at(-1)?.parts ?? []
    expect(JSON.stringify(told).length).toBeLessThan(20_000)
    expect(told[0]).toMatchObject({
      output: { error: expect.stringMatching(/^there is no tool "x{20,60} \.\.\. /) as never },
    })
    expect(told[2]).toMatchObject({ output: { error: expect.stringContaining('arguments') as never } })
    expect(result).toMatchObject({ calls: [{ capability: 'team.search', status: 'succeeded' }] })
    expect(made.map(({ capability }) => capability)).toEqual(['model.turn', 'team.search', 'model.turn'])
  })

  it('beyond eight in a turn is answered and not made', async () => {
    const many = Array.from({ length: 10 }, (_, n): [string, object] => ['team_search', { q: String(n) }])
    const { modelCalls, steps } = await run([calls(...many), 'Done.'])
    const parts = modelCalls[1]?.messages.at(-1)?.parts ?? []
    expect(parts).toHaveLength(10)
    expect(parts.map((part) => 'isError' in part && part.isError === true).filter(Boolean)).toHaveLength(2)
    expect(Object.keys(steps).filter((path) => path.endsWith('.call'))).toHaveLength(8)
  })

  it('that is approved waits for a person, and only that one (converse/D2)', async () => {
    const script = [
      calls(['team_search', { q: 'a' }], ['team_count', { of: 'b', sum: 12345678901234.56 }]),
      'Done.',
    ]
    const asked: string[] = []
    const approvals = (answer: object) => (path: string, prompt: string) => {
      asked.push(`${path} ${prompt}`)
      return answer
    }
    const yes = await run(
      script,
      { approve: ['team.count'] },
      { approvals: approvals({ decision: 'approve' }) },
    )
    expect(asked).toEqual([
      'ask[1].calls[1].approval A model asks to call team.count with this input, and nothing else:\n{"of":"b","sum":12345678901234.56}',
    ])
    expect(yes.result).toMatchObject({ calls: [{ status: 'succeeded' }, { status: 'succeeded' }] })
    const no = await run(
      script,
      { approve: ['team.count'] },
      {
        approvals: approvals({ decision: 'reject', comment: 'not today' }),
      },
    )
    expect(no.result).toMatchObject({ calls: [{ status: 'succeeded' }, { status: 'refused' }] })
    expect(no.modelCalls[1]?.messages.at(-1)?.parts[1]).toMatchObject({
      output: { error: 'it was not made: it was refused by a person, who says: not today' },
    })
    expect(no.calls.map(({ capability }) => capability)).not.toContain('team.count')
  })

  it('that nobody approves in time is refused', async () => {
    const { result, modelCalls } = await run(
      [calls(['team_count', {}]), 'Done.'],
      { approve: ['team.count'], approvalTimeoutSeconds: 60 },
      { approvals: () => undefined },
    )
    expect(result).toMatchObject({ calls: [{ status: 'refused' }] })
    expect(modelCalls[1]?.messages.at(-1)?.parts[0]).toMatchObject({
      output: { error: 'it was not made: nobody has approved it in time' },
    })
  })

  it('that a person could not be shown whole is not made (turn/N6)', async () => {
    const { modelCalls, steps } = await run([calls(['team_count', { text: 'x'.repeat(8_000) }]), 'Done.'], {
      approve: ['team.count'],
    })
    expect(modelCalls[1]?.messages.at(-1)?.parts[0]).toMatchObject({
      output: { error: expect.stringContaining('more than a person can be shown') as never },
    })
    expect(steps['ask[1].calls']?.status).toBe('skipped')
  })
})

describe('the end of a conversation (turn/N4)', () => {
  const again = (): never => calls(['team_count', {}])

  it('comes with the fourth identical call, and the third is told', async () => {
    const { error, modelCalls } = await run([again(), again(), again(), again()])
    expect(error).toMatchObject({ name: 'LoopDetectedError' })
    expect(error?.message).toContain('"team.count" 4 times')
    expect(modelCalls[3]?.messages.at(-1)?.parts[0]).toMatchObject({
      output: { result: 7, hint: expect.stringContaining('exactly this call before') as never },
    })
  })

  it('comes with the third empty answer', async () => {
    const { error, modelCalls } = await run(['', '', ''])
    expect(error?.name).toBe('LoopDetectedError')
    expect(modelCalls[1]?.messages.at(-1)?.parts.at(-1)).toMatchObject({
      text: 'Your answer was empty. Answer, or call a tool.',
    })
  })

  it('comes with the last turn, which the model is told', async () => {
    const script = [calls(['team_count', { n: 1 }]), calls(['team_count', { n: 2 }])]
    const { error, modelCalls } = await run(script, { maxTurns: 2 })
    expect(error?.message).toContain('has not come to an end in 2 turns')
    expect(modelCalls[1]?.messages.at(-1)?.parts.at(-1)).toMatchObject({
      text: expect.stringContaining('last turn') as never,
    })
    const inTime = await run([calls(['team_count', {}]), 'Seven.'], { maxTurns: 2 })
    expect(inTime.result).toMatchObject({ text: 'Seven.', turns: 2 })
  })

  it('does nothing of an answer that was cut off (turn/N3)', async () => {
    const { result, calls: made } = await run([
      { calls: [{ name: 'team_count', input: {} }], finish: 'length' },
      { calls: [{ name: 'team_count', input: {} }], finish: 'length' },
      'Seven.',
    ])
    expect(result).toMatchObject({ text: 'Seven.', calls: [] })
    expect(made.map(({ capability }) => capability)).not.toContain('team.count')
  })

  it('has the answer that its schema asks for', async () => {
    const answer = { type: 'object', required: ['count'], properties: { count: { type: 'number' } } }
    const { result } = await run([calls(['team_count', {}]), { value: { count: 7 } }], { answer })
    expect(result).toMatchObject({ answer: { count: 7 }, turns: 2 })
  })

  it('names files in its answer that it was given, and no others (turn/N7)', async () => {
    const file = { type: 'object', properties: { $file: { type: 'string' } } }
    const answer = { type: 'object', properties: { own: file, list: { type: 'array', items: file } } }
    const given = { $file: 'files/mine/a.md' }
    const read = { ...given, note: 'read files/contracts/all.pdf instead' }
    const told = { own: given, list: [{ $file: 'files/contracts/all.pdf' }, given] }
    const { result } = await run([{ value: told }], { answer, input: read })
    const left = { $file: '(left out: there is no such file)' }
    expect(result).toMatchObject({ answer: { own: given, list: [left, given] } })
  })

  it('has its answer beside a capability of that name', async () => {
    const answer = { type: 'object', properties: { count: { type: 'number' } } }
    const { result, modelCalls } = await run(
      [calls(['answer', { q: 'x' }]), { value: { count: 7 } }],
      { answer, capabilities: ['answer', 'team.count'] },
      { agents: { ...agents, answer: () => 'called' } },
    )
    expect(result).toMatchObject({
      answer: { count: 7 },
      calls: [{ capability: 'answer', status: 'succeeded' }],
    })
    expect(modelCalls[0]?.answer?.name).toBe('final_answer')
    // What adapters throw ConfigError for.
    expect(modelCalls[0]?.tools?.map(({ name }) => name)).not.toContain('final_answer')
  })

  it('by a failure is what onFailure makes of it', async () => {
    const { result, status } = await run(['', '', ''], {}, {}, { onFailure: { output: { text: 'none' } } })
    expect([status, result]).toEqual(['succeeded', { text: 'none' }])
  })
})

describe('a conversation in its task', () => {
  it('sees the loop around it, and not its own rounds (converse/D3)', async () => {
    const { result } = await testWorkflow(
      {
        name: 'around',
        steps: {
          improve: {
            repeat: {
              steps: {
                ask: {
                  converse: {
                    input: '{% "round " & $string($iteration) & " after " & $previous.ask.text %}',
                    capabilities: ['team.count'],
                  },
                },
              },
              until: '{% $iteration = 2 %}',
              maxIterations: 2,
            },
          },
        },
        output: '{% $steps.improve.ask.text %}',
      },
      {
        agents,
        input: {},
        models: ({ messages, nth }) =>
          nth % 2 === 1
            ? calls(['team_count', { nth }])
            : `(${JSON.stringify(messages[0]?.parts).replace(/.*"text":"(.*?)".*/, '$1')})`,
      },
    )
    expect(result).toBe('(round 2 after (round 1 after ))')
  })

  const priced = (answers: unknown) =>
    ({ default: { answers, price: { input: 1_000_000, output: 1_000_000 } } }) as never
  const usage = { inputTokens: 1, outputTokens: 1 }

  it('is paid from the budget of the task, and never beyond it', async () => {
    const script = [
      { ...(calls(['team_count', {}]) as object), usage },
      { text: 'Seven.', usage },
    ]
    const free = await run(priced(script), { maxOutputTokens: 10 })
    expect(free.costUsd).toBeCloseTo(4)
    const most = 100_000
    const enough = await run(priced(script), { maxOutputTokens: 10 }, { budgetUsd: most })
    expect(enough.status).toBe('succeeded')
    const short = await run(
      priced(script),
      { maxOutputTokens: 10 },
      { budgetUsd: 3 },
      { onFailure: 'continue' },
    )
    expect(short.error?.name).toBe('BudgetExceededError')
    expect(short.costUsd).toBeLessThanOrEqual(3)
  })

  it('ends with the budget, though a call that fails is told to the model', async () => {
    const { status, error, modelCalls } = await run(
      [calls(['team_count', {}]), 'never asked'],
      {},
      {
        budgetUsd: 1,
        agents: { ...agents, 'team.count': { price: { perCallUsd: 2, mostUsd: 2 }, output: 7 } },
      },
    )
    expect([status, error?.name]).toEqual(['failed', 'BudgetExceededError'])
    expect(modelCalls).toHaveLength(1)
  })

  it('ends when its task is cancelled, in the middle of a call', async () => {
    const { status, modelCalls, steps } = await run(
      [calls(['team_count', {}]), 'never asked'],
      {},
      {
        cancel: { afterSeconds: 5 },
        agents: { ...agents, 'team.count': { seconds: 60, output: 7 } },
      },
    )
    expect(status).toBe('cancelled')
    expect(modelCalls).toHaveLength(1)
    expect(steps['ask[1].calls[0].call']?.status).not.toBe('succeeded')
  })

  it('waits where its model is throttled, and asks again', async () => {
    const { result, modelCalls, seconds } = await run([
      { fails: { name: 'ModelThrottledError', details: { retryAfterSeconds: 30 } } },
      'Seven.',
    ])
    expect(result).toMatchObject({ text: 'Seven.', turns: 1 })
    expect(modelCalls).toHaveLength(2)
    expect(seconds).toBeGreaterThanOrEqual(30)
  })
})
