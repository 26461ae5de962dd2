import { expect, it } from 'vitest'
import { unservedIn } from '../../../infra/unserved.ts'
import { compileWorkflow } from '../../../shared/compiler/index.ts'
import { WorkflowSchema } from '../../../shared/workflow/schema.ts'
import { makeManifest } from '../../support/agents/make-agent.ts'

it('warns at synthesis of agents and fallbacks that the app does not have, or that offer something else', () => {
  const workflow = WorkflowSchema.parse({
    name: 'w',
    steps: {
      a: { capability: 'work.do', fallback: ['worker', 'wroker'] },
      each: { forEach: '{% [1] %}', steps: { b: { agent: 'wroker' } } },
    },
  })
  const manifest = makeManifest({ id: 'worker' })
  const workflows = [{ workflow, compiled: compileWorkflow(workflow) }]
  expect(unservedIn({ agents: [{ manifest, entry: '' }], workflows })).toEqual([
    'warning: workflow w, step "a": fallback "wroker": no agent or capability has this name; did you mean "worker"?',
    'warning: workflow w, step "each.b": no agent "wroker"; did you mean "worker"?',
  ])
})
