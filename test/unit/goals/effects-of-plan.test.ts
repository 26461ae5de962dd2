import { describe, expect, it } from 'vitest'
import { effectsOfPlan } from '../../../shared/app/goals/effects-of-plan.ts'
import { plannerCatalogue } from '../../../shared/planner/planner-catalogue.ts'
import { validateWorkflow } from '../../../shared/workflow/validate-workflow.ts'

const offering = (name: string, outbound?: true) => {
  const inputSchema = { properties: { url: {}, most: {}, whole: {}, agent: {}, ids: {} } }
  const outputSchema = {}
  const capability = { name, description: name, inputSchema, outputSchema, ...(outbound ? { outbound } : {}) }
  return { id: name.replace('.', '-'), version: '1.0.0', capabilities: [capability] }
}
const agents = [offering('text.write'), offering('page.fetch', true)]

function workflowOf(steps: object) {
  const { workflow, issues } = validateWorkflow({ name: 'x', steps })
  if (!workflow) throw new Error(JSON.stringify(issues))
  return workflow
}

describe('a plan that sends something outside (goals/G2)', () => {
  const GOAL = 'Read https://news.example/today (and "https://b.example/x?y=1"), and tell me about it.'
  const INPUT = {
    page: { url: 'https://c.example/' },
    urls: ['https://d.example/1', 'https://d.example/2'],
    secret: 's3',
  }

  it.each([
    ['an address of the goal', { input: { url: 'https://news.example/today' } }, false],
    ['an address in quotes', { input: { url: 'https://b.example/x?y=1', most: 5, whole: true } }, false],
    ['a member of the input', { input: { url: '{% $input.page.url %}' } }, false],
    ['members of the input', { forEach: '{% $input.urls %}', input: { url: '{% $item %}' } }, false],
    ['an address that it makes up', { input: { url: 'https://news.example/?q=s3' } }, true],
    ['the beginning of an address', { input: { url: 'https://news.example/' } }, true],
    ['an address that is put together', { input: { url: 'https://c.example/?{% $input.secret %}' } }, true],
    ['an address that is computed', { input: { url: '{% $input.page.url & $input.secret %}' } }, true],
    ['an output', { input: { url: '{% $steps.first.text %}' } }, true],
    ['what is not there', { input: { url: '{% $input.done.first.url %}' } }, true],
    ['a further text', { input: { url: '{% $input.page.url %}', agent: 'x-s3' } }, true],
    ['a name that it makes up', { input: { url: '{% $input.page.url %}', 'x-s3': 1 } }, true],
    ['numbers in a list', { input: { url: '{% $input.page.url %}', ids: [115, 51] } }, true],
    ['a choice', { when: "{% $steps.first.text = 'x' %}", input: { url: '{% $input.page.url %}' } }, true],
    [
      'a choice of items',
      { forEach: '{% $input.urls[$ = $steps.first.text] %}', input: { url: '{% $item %}' } },
      true,
    ],
    [
      'it as a fallback',
      { capability: 'text.write', input: { topic: 's3' }, fallback: ['page.fetch'] },
      true,
    ],
    [
      'the agent by its name',
      { capability: undefined, agent: 'page-fetch@1.0.0', input: { url: 'made-up' } },
      true,
    ],
  ])('is looked at, or not: %s', (_what, step, told) => {
    const first = { capability: 'text.write', input: { topic: 'x' } }
    const { capability, ...rest }: { capability?: string | undefined } = { capability: 'page.fetch', ...step }
    const read = { ...rest, ...(capability === undefined ? {} : { capability }) }
    const effects = effectsOfPlan(workflowOf({ first, read }), plannerCatalogue(agents), {
      text: GOAL,
      input: INPUT,
    })
    expect(effects.map(({ place, tells }) => ({ place, tells }))).toEqual(
      told ? [{ place: 'read', tells: true }] : [],
    )
  })

  const read = { capability: 'page.fetch', input: { url: 'https://news.example/today' } }
  const first = { capability: 'text.write', input: { topic: 'x' } }
  it.each([
    [
      'that waits for a step that may be skipped',
      { first: { ...first, when: '{% $input.x %}' }, read: { ...read, needs: ['first'] } },
    ],
    ['that waits for a step that may fail', { first, read: { ...read, needs: ['first'] } }],
    ['that handles a failure', { first: { ...first, onFailure: { step: 'read' } }, read }],
    ['in each item of an output', { first, each: { forEach: '{% $steps.first.list %}', steps: { read } } }],
    [
      'in a loop that an output ends',
      { loop: { repeat: { steps: { first, read }, until: '{% $steps.first.done %}', maxIterations: 9 } } },
    ],
    [
      'in a body of a body',
      {
        a: {
          forEach: '{% $input.urls %}',
          steps: { b: { when: '{% $item %}', forEach: '{% $input.urls %}', steps: { read } } },
        },
      },
    ],
  ])('is looked at where a call is a choice: %s', (_what, steps) => {
    const effects = effectsOfPlan(workflowOf(steps), plannerCatalogue(agents), { text: GOAL, input: INPUT })
    expect(effects).toMatchObject([{ place: expect.stringMatching(/read$/), tells: true }])
  })

  it('is looked at where a child of it does, which gets what the plan gives to it', () => {
    const reading = workflowOf({ read: { capability: 'page.fetch', input: { url: '{% $input.url %}' } } })
    const catalogue = plannerCatalogue(agents, [{ ...reading, name: 'reading' }])
    const call = { workflow: 'reading', input: { url: 'https://news.example/today' } }
    expect(effectsOfPlan(workflowOf({ a: call }), catalogue, { text: GOAL, input: INPUT })).toMatchObject([
      { place: 'a > read', tells: true },
    ])
  })
})

describe('the effects of a step that chooses its capability when it begins', () => {
  const effect = { ...offering('mail.send'), tags: ['effect'] }
  const catalogue = plannerCatalogue([...agents, effect] as never, [])
  const effectsOf = (steps: object) => effectsOfPlan(workflowOf(steps), catalogue, { text: '', input: {} })

  it('are those of all that it may call', () => {
    const late = { capability: '{% $input.how %}', bind: 'late', input: { url: '{% $input.url %}' } }
    expect(effectsOf({ a: { ...late, oneOf: ['text.write', 'mail.send', 'page.fetch'] } })).toEqual([
      { place: 'a', what: 'may call mail.send' },
      {
        place: 'a',
        what: 'sends what the plan has put together to a host outside, by page.fetch',
        tells: true,
      },
    ])
    expect(effectsOf({ a: { ...late, oneOf: ['text.write'] } })).toEqual([])
  })
})
