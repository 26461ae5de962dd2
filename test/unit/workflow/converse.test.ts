import { describe, expect, it } from 'vitest'
import { describeCompiled } from '../../../cli/show/describe-compiled.ts'
import { factsOfInput } from '../../../shared/app/estimates/facts-of-input.ts'
import { compileWorkflow } from '../../../shared/compiler/index.ts'
import { ModelsSchema } from '../../../shared/domain/model-settings.ts'
import { mostOfConversations } from '../../../shared/estimator/most-of-conversations.ts'
import { bindWorkflow } from '../../../shared/planner/bind-workflow.ts'
import { loopOfConversation } from '../../../shared/workflow/conversation.ts'
import { placedIn } from '../../../shared/workflow/issue-places.ts'
import { everyStep } from '../../../shared/workflow/places.ts'
import type { StepOf } from '../../../shared/workflow/schema.ts'
import { needsOfStep } from '../../../shared/workflow/step-needs.ts'
import { validateWorkflow } from '../../../shared/workflow/validate-workflow.ts'

/** The text of a workflow whose step `ask` converses; the lines of `fields` begin in line 5. */
const textOf = (fields: string, more = '') => `name: w
steps:
  ask:
    converse:
${fields
  .trim()
  .split('\n')
  .map((line) => `      ${line.trim()}`)
  .join('\n')}
${more}`
const issuesOf = (text: string): string[] =>
  validateWorkflow(text).issues.map(
    ({ code, line, column, path, message }) => `${line}:${column} ${code} ${path}: ${message}`,
  )
const GOOD = 'input: "{% $task.id %}"\ncapabilities: [text.write, mail.send]'

describe('a conversation in a workflow', () => {
  it.each<[string, string, string[]]>([
    ['is right with an input and capabilities', GOOD, []],
    [
      'has no input',
      'capabilities: [a]',
      [
        '4:5 missing-field steps.ask.converse.input: is required; it says what the model is given to do: a text, or a value',
      ],
    ],
    [
      'has no capabilities',
      'input: x',
      [
        '4:5 invalid-value steps.ask.converse.capabilities: is required; it must be a list of 1 to 20 members, each of them text of at most 64 characters (a capability is lower case words joined by dots, e.g. text.summarize)',
      ],
    ],
    [
      'has an empty list of them',
      'input: x\ncapabilities: []',
      [
        '6:7 invalid-value steps.ask.converse.capabilities: capabilities is []; it must be a list of 1 to 20 members, each of them text of at most 64 characters (a capability is lower case words joined by dots, e.g. text.summarize)',
      ],
    ],
    [
      'approves what it cannot call',
      `${GOOD}\napprove: [mail.sent]`,
      [
        '7:17 invalid-value steps.ask.converse.approve[0]: "mail.sent" is none of the capabilities of the conversation; did you mean "mail.send"? (known: mail.send, text.write)',
      ],
    ],
    [
      'names approvers of nothing',
      `${GOOD}\napprovers: [ada]`,
      [
        '7:7 invalid-value steps.ask.converse.approvers: approvers says nothing without approve, the capabilities whose calls wait for a person',
      ],
    ],
    [
      'has too many turns',
      `${GOOD}\nmaxTurns: 51`,
      [
        '7:7 invalid-value steps.ask.converse.maxTurns: maxTurns is 51; it must be a whole number from 1 to 50',
      ],
    ],
    [
      'misspells a field',
      `${GOOD}\nsytem: x`,
      [
        '7:7 unknown-field steps.ask.converse.sytem: converse has no "sytem"; did you mean "system"? (known: answer, approvalTimeoutSeconds, approve, approvers, capabilities, input, maxOutputTokens, maxTurns, model, notBy, system)',
      ],
    ],
    [
      'computes what it may call',
      'input: x\ncapabilities: ["{% $task.id %}"]',
      [
        '6:22 invalid-value steps.ask.converse.capabilities[0]: capabilities[0] is "{% $task.id %}"; a capability is lower case words joined by dots, e.g. text.summarize',
      ],
    ],
    [
      'mentions a step that is not there',
      'input: "{% $steps.draft.text %}"\ncapabilities: [a]',
      ['5:25 unknown-step steps.ask.converse.input: "draft" is not a step of this workflow; known: ask'],
    ],
    [
      'mentions a name of its own rounds, which it does not see (converse/D3)',
      'input: "{% $iteration %}"\ncapabilities: [a]',
      [
        '5:18 unknown-name steps.ask.converse.input: $iteration is not known here; known: $errors, $input, $state, $status, $steps, $task',
      ],
    ],
    [
      'asks for an answer by no schema',
      `${GOOD}\nanswer: { type: objekt }`,
      ['7:7 bad-schema steps.ask.converse.answer: not a JSON Schema'],
    ],
    [
      'asks for an answer by what its reader does not check',
      `${GOOD}\nanswer: { type: array, contains: { type: string } }`,
      ['#/contains cannot be checked here'],
    ],
  ])('%s', (_what, fields, expected) => {
    const found = issuesOf(textOf(fields))
    expect(found).toHaveLength(expected.length)
    for (const [at, one] of expected.entries()) expect(found[at]).toContain(one)
  })

  it('is as deep as its loop and its fan-out', () => {
    const nested = (depth: number): object =>
      depth === 0
        ? { ask: { converse: { input: 'x', capabilities: ['a'] } } }
        : { [`l${depth}`]: { forEach: '{% [1] %}', steps: nested(depth - 1) } }
    const codes = (depth: number) =>
      validateWorkflow({ name: 'w', steps: nested(depth) }).issues.map(({ code }) => code)
    expect(codes(6)).toEqual([])
    expect(codes(7)).toEqual(['too-deep'])
  })

  it('has an output that is known', () => {
    const more = (output: string) => `output: "${output}"`
    const answer = `${GOOD}\nanswer: { type: object, properties: { count: { type: number } } }`
    expect(
      issuesOf(textOf(answer, more('{% [$steps.ask.text, $steps.ask.answer.count, $steps.ask.turns] %}'))),
    ).toEqual([])
    expect(issuesOf(textOf(answer, more('{% $steps.ask.answer.cuont %}')))[0]).toContain(
      'did you mean "count"',
    )
    expect(issuesOf(textOf(GOOD, more('{% $steps.ask.answer %}')))[0]).toContain('has no "answer"')
    expect(issuesOf(textOf(GOOD, more('{% $steps.ask.calls[0].capability %}')))).toEqual([])
  })

  const workflowOf = (converse: object) => {
    const { workflow } = validateWorkflow({
      name: 'w',
      steps: {
        first: { capability: 'echo' },
        ask: {
          converse: { input: '{% $steps.first %}', capabilities: ['text.write', 'mail.send'], ...converse },
        },
      },
    })
    if (!workflow) throw new Error('it is right')
    return workflow
  }

  it('is a loop of a turn and a fan-out of calls, each of one of its capabilities (converse/D1)', () => {
    const { steps } = workflowOf({})
    expect(everyStep(steps).map(({ place }) => place)).toEqual([
      'first',
      'ask',
      'ask.turn',
      'ask.calls',
      'ask.calls.call',
    ])
    expect(everyStep(workflowOf({ approve: ['mail.send'] }).steps).map(({ place }) => place)).toContain(
      'ask.calls.approval',
    )
    const ask = steps.ask as StepOf<'converse'>
    expect([...needsOfStep(ask)]).toEqual(['first'])
    expect(loopOfConversation(ask)).toBe(loopOfConversation(ask))
  })

  it('compiles: its turns are bounded, and what may run is counted', () => {
    const few = compileWorkflow(workflowOf({ maxTurns: 2 })).counts
    const many = compileWorkflow(workflowOf({ maxTurns: 20 })).counts
    expect(many.states).toBe(few.states)
    expect(many.worstEvents).toBeGreaterThan(5 * few.worstEvents)
    const [anonymous, other] = [2, 2].map((maxTurns, at) =>
      JSON.stringify(
        compileWorkflow(workflowOf({ maxTurns, system: `you are ${at}` }), { anonymous: true }).definition,
      ),
    )
    expect(anonymous).toBe(other)
  })

  it('is estimated with one assumption', async () => {
    const facts = await factsOfInput(workflowOf({ approve: ['mail.send'] }), {}, 0)
    expect(facts).toEqual({
      items: { 'ask.calls': 2 },
      waits: {},
      runs: { 'ask.calls': 0.5 },
      assumptions: [
        'the model of "ask" answers 2 times on average and 10 at most, half of them with 2 calls, at most 8',
      ],
    })
  })

  it('is planned in turns and calls, with what its model costs at most', () => {
    const counts = { ...compileWorkflow(workflowOf({})).counts, executions: 1 }
    const told = (kinds: Record<string, 'agent' | 'converse'>) =>
      describeCompiled({
        ...{ gates: [], counts },
        steps: Object.entries(kinds).map(([stepId, kind]) => ({ stepId, kind })),
      })
        .split('\n')
        .at(-1)
    expect(told({ ask: 'converse', 'ask.turn': 'agent' })).toBe(
      '(expected: a conversation of 2 turns with 2 calls each, no retries)',
    )
    expect(told({ first: 'agent', ask: 'converse', 'ask.turn': 'agent' })).toBe(
      '(expected: a conversation of 2 turns with 2 calls each, a loop of 2 rounds, a fan-out of 10 items, no retries)',
    )
    const model = { provider: 'bedrock', id: 'a', contextTokens: 104_000 }
    const most = (models: object, converse = {}) =>
      mostOfConversations(workflowOf(converse).steps, ModelsSchema.parse(models), { models: {} })
    const cheap = { ...model, price: { input: 1, output: 10 } }
    // 10 turns of 100,000 tokens to read and 4,000 to write.
    expect(most({ default: cheap })).toEqual([
      'the model of "ask" costs from nothing to 1.4 USD, which is 10 turns with a full context; its calls cost besides',
    ])
    expect(most({ default: cheap }, { answer: { type: 'object' } })).toEqual([
      'the model of "ask" costs from nothing to 2.8 USD, which is 10 turns with a full context, each with a repair of its answer; its calls cost besides',
    ])
    const dear = { ...model, price: { input: 10, output: 100 } }
    expect(most({ default: { ...cheap, fallback: 'dear' }, dear }, { maxTurns: 1 })).toEqual([
      'the model of "ask" costs from nothing to 1.4 USD, which is one turn with a full context; its calls cost besides',
    ])
    expect(most({ default: { ...cheap, fallback: 'free' }, free: model })).toEqual([
      'what the model of "ask" costs is not known: models.free of the stage has no price',
    ])
    expect(most({})).toEqual([])
  })

  it('is refused at planning when nobody offers what it may call, at its place in the text', () => {
    const { workflow } = validateWorkflow(textOf(GOOD))
    if (!workflow) throw new Error('it is right')
    const agents = [{ id: 'a', capabilities: [{ name: 'text.write' }, { name: 'mail.sent' }] }]
    const chosen = { agent: { id: 'a', functionArn: '', version: '1.0.0', limits: {} }, decision: {} }
    const { issues } = bindWorkflow(workflow, agents, () => chosen as never)
    expect(placedIn(workflow, issues)).toMatchObject([
      {
        code: 'unknown-capability',
        path: 'steps.ask.converse.capabilities[1]',
        line: 6,
        column: 34,
        message:
          'no agent offers "mail.send", which step "ask.calls.call" may come to call; did you mean "mail.sent"? (known: mail.sent, text.write)',
      },
    ])
  })
})
