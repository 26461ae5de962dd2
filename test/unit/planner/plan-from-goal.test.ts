import { describe, expect, it } from 'vitest'
import type { OrchestratorError } from '../../../shared/domain/errors.ts'
import { issue } from '../../../shared/domain/issue.ts'
import type { JsonObject } from '../../../shared/domain/json.ts'
import { type PlannerPorts, planFromGoal } from '../../../shared/planner/plan-from-goal.ts'
import { plannerCatalogue } from '../../../shared/planner/planner-catalogue.ts'
import { capsWithin, PLANNING_CAPS, type PlanningCaps } from '../../../shared/planner/planning-caps.ts'
import { capability, saying } from '../../support/planner/world.ts'

const CATALOGUE = plannerCatalogue([
  {
    id: 'texts',
    version: '1.0.0',
    capabilities: [
      capability('text.fetch', { url: { type: 'string' } }, ['url']),
      capability('text.translate', { text: { type: 'string' }, to: { type: 'string' } }, ['text', 'to']),
    ],
  },
])
const GOAL = { text: 'Translate https://a.example to French', input: { url: 'https://a.example' } }

const planOf = (...steps: [string, JsonObject][]) => ({
  assumptions: ['one page'],
  workflow: { name: 'p', steps: Object.fromEntries(steps) },
})
const FETCH: [string, JsonObject] = [
  'fetch',
  { capability: 'text.fetch', input: { url: '{% $input.url %}' } },
]
const TRANSLATE: [string, JsonObject] = [
  'translate',
  { capability: 'text.translate', input: { text: '{% $steps.fetch.text %}', to: 'fr' } },
]
const UNKNOWN: [string, JsonObject] = ['translate', { capability: 'poem.write', input: {} }]

const FREE = { input: 0, output: 0 }
const plan = (
  models: PlannerPorts['models'],
  more: Partial<PlannerPorts> = {},
  caps: PlanningCaps = PLANNING_CAPS,
  signal = new AbortController().signal,
) =>
  planFromGoal({ models, model: { name: 'default', price: { input: 1, output: 5 } }, ...more })(
    GOAL,
    CATALOGUE,
    caps,
    signal,
  )
const failureOf = (planned: Promise<unknown>): Promise<OrchestratorError> =>
  planned.then(
    () => Promise.reject(new Error('it was planned')),
    (error: OrchestratorError) => error,
  )

describe('a goal', () => {
  it('becomes a workflow, with its assumptions and what it has cost', async () => {
    const models = saying(planOf(FETCH, TRANSLATE))
    const planned = await plan(models)
    expect(planned).toMatchObject({
      kind: 'planned',
      workflow: { name: 'p', input: { properties: { url: { type: 'string' } } } },
      assumptions: ['one page'],
      repairs: [],
      calls: 1,
      tokens: 1_200,
      modelId: 'scripted',
    })
    expect(planned.costUsd).toBeCloseTo(0.002, 10)
    expect(models.requests[0]).toMatchObject({
      model: 'default',
      cacheAfter: 'system',
      answer: { name: 'plan' },
      maxOutputTokens: 4_000,
    })
  })

  it('goes back with the issues, and what is right is left alone', async () => {
    const models = saying(planOf(FETCH, UNKNOWN), planOf(FETCH, TRANSLATE))
    const planned = await plan(models)
    expect(planned).toMatchObject({
      kind: 'planned',
      calls: 2,
      drafts: [
        { issues: [{ code: 'unknown-capability', path: 'steps.translate.capability' }] },
        { issues: [] },
      ],
    })
    const [, assistant, user] = models.requests[1]?.messages ?? []
    expect(assistant).toMatchObject({ role: 'assistant' })
    expect(JSON.stringify(assistant)).toContain('poem.write')
    expect(user?.parts).toEqual([
      {
        kind: 'text',
        text: [
          'The plan cannot run yet. Mend what is named here, leave everything else as it is, and answer with the whole JSON object again:',
          '1. steps.translate.capability: there is no capability "poem.write"; known: text.fetch, text.translate; use one that does what this step is for, or refuse where there is none',
        ].join('\n'),
      },
    ])
  })

  it('is refused where the model refuses, also with a workflow (planner/Q2)', async () => {
    const models = saying({ refusal: 'Nothing here writes poems.', ...planOf(FETCH) })
    expect(await plan(models)).toMatchObject({
      kind: 'refused',
      reason: 'Nothing here writes poems.',
      calls: 1,
      tokens: 1_200,
    })
  })

  it('says which repairs were made in which draft (planner/Q4)', async () => {
    const slip: [string, JsonObject] = [
      'fetch',
      { capability: 'TextFetch', input: { url: '{% $input.url %}' } },
    ]
    expect(await plan(saying(planOf(slip, UNKNOWN), planOf(slip, TRANSLATE)))).toMatchObject({
      kind: 'planned',
      repairs: [
        { rule: 'capability', path: 'steps.fetch.capability', draft: 1 },
        { rule: 'capability', path: 'steps.fetch.capability', draft: 2 },
      ],
    })
  })

  it('is checked by what else is known against the plan', async () => {
    const asked: string[] = []
    const issuesOf: PlannerPorts['issuesOf'] = async ({ name, steps }) => {
      asked.push(name)
      return Object.keys(steps).length > 1
        ? [issue('no-agent', 'steps.translate', 'no agent is free for it')]
        : []
    }
    expect(await plan(saying(planOf(FETCH, TRANSLATE), planOf(FETCH)), { issuesOf })).toMatchObject({
      kind: 'planned',
      calls: 2,
    })
    expect(asked).toEqual(['p', 'p'])
  })
})

describe('the input of the task', () => {
  it('may be a file, which is taken for what the capability takes', async () => {
    const goal = { text: 'Translate the letter', input: { letter: { $file: 'files/f/letter.txt' } } }
    const models = saying(
      planOf(['a', { capability: 'text.translate', input: { text: '{% $input.letter %}', to: 'fr' } }]),
    )
    const planned = await planFromGoal({ models, model: { name: 'default', price: FREE } })(
      goal,
      CATALOGUE,
      PLANNING_CAPS,
      new AbortController().signal,
    )
    expect(planned).toMatchObject({
      kind: 'planned',
      workflow: { input: { properties: { letter: {} }, required: ['letter'] } },
    })
  })
})

describe('no plan comes of a goal', () => {
  const inventing = saying(
    planOf(UNKNOWN),
    planOf(['a', { capability: 'poem.sing' }]),
    planOf(['b', { capability: 'poem.draw' }]),
  )

  it('whose drafts keep naming what does not exist: three calls, and the last draft (planner/Q1)', async () => {
    const error = await failureOf(plan(inventing))
    expect(error).toMatchObject({
      name: 'PlanningFailedError',
      details: {
        calls: 3,
        tokens: 3_600,
        issues: [{ code: 'unknown-capability' }],
        draft: { steps: { b: { capability: 'poem.draw' } } },
      },
    })
    expect(error.message).toContain(
      '3 calls were made; the most is 3; the last draft: steps.b.capability: there is no capability "poem.draw"',
    )
  })

  it.each([
    ['the same plan again', planOf(UNKNOWN), 2, 'the model has given the same plan again'],
    ['prose', 'I would rather not.', 2, 'the model has given the same plan again'],
    [
      'a circle',
      planOf(
        ['a', { capability: 'text.fetch', input: { url: 'u' }, needs: ['b'] }],
        ['b', { capability: 'text.fetch', input: { url: 'u' }, needs: ['a'] }],
      ),
      2,
      'a -> b -> a',
    ],
    [
      'an input that the task does not have',
      planOf(['a', { capability: 'text.fetch', input: { url: '{% $input.uri %}' } }]),
      2,
      'uri',
    ],
    [
      'more steps than may be',
      planOf(
        ...Array.from({ length: 21 }, (_, at): [string, JsonObject] => [
          `a${at}`,
          { capability: 'text.fetch', input: { url: 'u' } },
        ]),
      ),
      2,
      'the plan has 21 steps; the most is 20',
    ],
    [
      'thousands of steps',
      planOf(
        ...Array.from({ length: 3_000 }, (_, at): [string, JsonObject] => [`a${at}`, { capability: 'x' }]),
      ),
      2,
      'the plan has 3000 steps; the most is 20',
    ],
    ['a workflow that is not there', planOf(['a', { workflow: 'gone' }]), 2, 'there is no workflow "gone"'],
    ['an agent that is not there', planOf(['a', { agent: 'gone' }]), 2, 'there is no agent "gone"'],
    ['a filter', { parts: [], finish: 'filtered' as const }, 1, 'filtered'],
  ])('of a model that answers %s', async (_what, answer, calls, message) => {
    const error = await failureOf(plan(saying(answer)))
    expect(error).toMatchObject({ name: 'PlanningFailedError', details: { calls } })
    expect(error.message).toContain(message)
  })

  it('where the first call may already pass a cap: none is made (planning-caps/C1)', async () => {
    const models = saying(planOf(FETCH))
    const tokens = await failureOf(plan(models, {}, { ...PLANNING_CAPS, tokens: 3_000 }))
    const money = await failureOf(plan(models, {}, capsWithin(0.001)))
    expect([tokens.message, money.message]).toEqual([
      expect.stringMatching(
        /the next call may take \d+ input and needs 400 output tokens, and 3000 of 3000 tokens are left/,
      ),
      expect.stringMatching(/and 0\.001 of 0\.001 USD are left/),
    ])
    expect(models.requests).toEqual([])
  })

  it('of a model that never answers, and heeds no signal (planner/Q3)', async () => {
    const timers: [number, () => void][] = []
    const hanging = { generate: () => new Promise<never>(() => {}) }
    const timer: PlannerPorts['timer'] = (milliseconds, call) => {
      timers.push([milliseconds, call])
      return () => {}
    }
    const failure = failureOf(plan(hanging, { timer, model: { name: 'default', price: FREE } }))
    expect(timers.map(([milliseconds]) => milliseconds)).toEqual([60_000])
    timers[0]?.[1]()
    expect(await failure).toMatchObject({
      name: 'PlanningFailedError',
      message: 'no plan for the goal: there was no plan after 60 s',
    })
  })

  it('once its signal aborts, before or while the model answers (planner/Q3)', async () => {
    const controller = new AbortController()
    const hanging = { generate: () => new Promise<never>(() => {}) }
    const failure = failureOf(plan(hanging, {}, PLANNING_CAPS, controller.signal))
    const cancelled = new Error('the task is cancelled')
    controller.abort(cancelled)
    expect(await failure).toBe(cancelled)
    const models = saying(planOf(FETCH))
    expect(await failureOf(plan(models, {}, PLANNING_CAPS, controller.signal))).toBe(cancelled)
    expect(models.requests).toEqual([])
  })

  it('where the port of models fails: its error passes', async () => {
    const gone = new Error('the endpoint is gone')
    expect(await failureOf(plan({ generate: () => Promise.reject(gone) }))).toBe(gone)
  })
})

describe('the cap of money', () => {
  it.each([
    [undefined, 0.05],
    [10, 0.05],
    [0.6, 0.03],
    [0.2, 0.02],
    [0.01, 0.01],
    [0, 0],
  ])('of a budget of %s USD is %s', (budget, usd) => {
    expect(capsWithin(budget).usd).toBeCloseTo(usd, 12)
  })
})
