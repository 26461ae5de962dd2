import { expect, it } from 'vitest'
import { bindWorkflow } from '../../../shared/planner/bind-workflow.ts'
import { WorkflowSchema } from '../../../shared/workflow/schema.ts'

const workflow = WorkflowSchema.parse({ name: 'w', steps: { report: { capability: 'write' } } })
const refusals = [
  { agentId: 'analysis', kind: 'else', reason: 'does not offer write' },
  { agentId: 'writer', kind: 'unfit', reason: 'the step pins other' },
  { agentId: 'writer-2', kind: 'unfit', reason: 'the step pins other' },
]

it.each([
  [
    'wrietr',
    'there is no agent "wrietr" that offers write; did you mean "writer"? (known: writer, writer-2)',
  ],
  ['nobody@2', 'there is no agent "nobody" that offers write; known: writer, writer-2'],
  ['analysis', 'agent "analysis" does not offer write; known: writer, writer-2'],
  ['writer@9', 'writer: the step pins other'],
])('says which agents could where step asks for %s', (pinned, message) => {
  const { issues } = bindWorkflow(workflow, ['write'], () => ({ refusals, pinned }))
  expect(issues).toEqual([
    {
      code: 'no-agent',
      path: 'steps.report.agent',
      message: `nobody can run step "report" (write): ${message}`,
    },
  ])
})

it('says of those that offer what a step wants why they may not, and leaves out the others', () => {
  const tired = { agentId: 'writer', kind: 'busy', reason: 'rests' }
  const { issues } = bindWorkflow(workflow, ['write'], () => ({ refusals: [...refusals.slice(0, 1), tired] }))
  expect(issues).toEqual([
    {
      code: 'no-agent',
      path: 'steps.report.capability',
      message: 'nobody can run step "report" (write): writer: rests',
    },
  ])
})
