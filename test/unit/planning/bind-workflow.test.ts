import { expect, it } from 'vitest'
import { bindWorkflow } from '../../../shared/planner/bind-workflow.ts'
import { WorkflowSchema } from '../../../shared/workflow/schema.ts'

const workflow = WorkflowSchema.parse({ name: 'w', steps: { report: { capability: 'write' } } })
const refusals = [
  { agentId: 'analysis', kind: 'else', reason: 'does not offer write' },
  { agentId: 'writer', kind: 'unfit', reason: 'the step pins other' },
  { agentId: 'writer-2', kind: 'unfit', reason: 'the step pins other' },
]

const offering = (id: string, ...names: string[]) => ({ id, capabilities: names.map((name) => ({ name })) })
const agents = [offering('analysis', 'analyse'), offering('writer', 'write'), offering('writer-2', 'write')]

it.each([
  ['wrietr', 'unknown-agent', 'step "report": no agent "wrietr"; did you mean "writer"?'],
  ['writer-3@2', 'unknown-agent', 'step "report": no agent "writer-3"; did you mean "writer-2"?'],
  ['nobody@2', 'unknown-agent', 'step "report": no agent "nobody"; `orchestrator agents` shows all'],
  [
    'analysis',
    'no-agent',
    'nobody can run step "report" (write): agent "analysis" does not offer write; known: writer, writer-2',
  ],
  ['writer@9', 'no-agent', 'nobody can run step "report" (write): writer: the step pins other'],
])('says which agents could where a step asks for %s', (pinned, code, message) => {
  const { issues } = bindWorkflow(workflow, agents, () => ({ refusals, pinned }))
  expect(issues).toEqual([{ code, path: 'steps.report.agent', message }])
})

it.each([
  [['writer-2', 'analyse'], []],
  [
    ['wirter-2'],
    ['fallback "wirter-2" of step "report": no agent or capability has this name; did you mean "writer-2"?'],
  ],
  [
    ['analysis'],
    ['fallback "analysis" of step "report": agent "analysis" does not offer write; known: writer, writer-2'],
  ],
  [
    ['writer', 'zzzzzzzzzzzz'],
    [
      'fallback "zzzzzzzzzzzz" of step "report": no agent or capability has this name; `orchestrator agents` shows all',
    ],
  ],
])('checks that fallbacks exist and offer the capability: %j', (fallback, messages) => {
  for (const bind of ['early', 'late']) {
    const steps = { report: { capability: 'write', fallback, bind } }
    const given = WorkflowSchema.parse({ name: 'w', steps })
    const chosen = { agent: { id: 'writer', functionArn: '', version: '1.0.0', limits: {} }, decision: {} }
    const { issues } = bindWorkflow(given, agents, () => chosen as never)
    expect(issues.map(({ message }) => message)).toEqual(messages)
    for (const { path } of issues) expect(path).toMatch(/^steps\.report\.fallback\[\d\]$/)
  }
})

it('says why each agent with the capability is not eligible, and leaves out other agents', () => {
  const tired = { agentId: 'writer', kind: 'busy', reason: 'rests' }
  const { issues } = bindWorkflow(workflow, agents, () => ({ refusals: [...refusals.slice(0, 1), tired] }))
  expect(issues).toEqual([
    {
      code: 'no-agent',
      path: 'steps.report.capability',
      message: 'nobody can run step "report" (write): writer: rests',
    },
  ])
})
