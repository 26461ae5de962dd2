import { describe, expect, it } from 'vitest'
import { previewPlan } from '../../../shared/app/planning/preview-plan.ts'
import { MakePlanSchema } from '../../../shared/contracts/requests.ts'
import { unservedSteps } from '../../../shared/planner/unserved-steps.ts'
import { WorkflowSchema } from '../../../shared/workflow/schema.ts'
import { hostInMemory } from '../../support/agents/host-in-memory.ts'
import { makeAgent } from '../../support/agents/make-agent.ts'
import { CALLER } from '../../support/stores/callers.ts'

const judged = (more: object = {}) => ({
  name: 'w',
  steps: {
    plain: { capability: 'work.do' },
    draft: { capability: 'work.do', evaluate: { judge: { rubric: 'It is good.' }, ...more } },
  },
})
const critic = makeAgent({
  id: 'critic',
  capability: 'evaluate.judge',
  typicalSeconds: 30,
  price: { perCallUsd: 2 },
})

async function preview(workflow: object, agents: readonly ReturnType<typeof makeAgent>[]) {
  const { ports } = hostInMemory()
  for (const agent of agents) await ports.agents.putAgent(agent)
  return previewPlan(ports)(MakePlanSchema.parse({ workflow }), CALLER)
}

describe('a plan with a judge', () => {
  it('has its time and its price', async () => {
    const without = await preview({ name: 'w', steps: { draft: { capability: 'work.do' } } }, [
      makeAgent(),
      critic,
    ])
    const { estimate, warnings } = await preview(judged(), [makeAgent(), critic])
    const ofDraft = estimate.steps.find(({ stepId }) => stepId === 'draft')
    expect(ofDraft?.usd.p50).toBeGreaterThanOrEqual(2)
    expect(ofDraft?.seconds.p50).toBeGreaterThan((without.estimate.steps[0]?.seconds.p50 ?? 0) + 5)
    expect(estimate.steps.find(({ stepId }) => stepId === 'plain')?.usd.p50).toBeLessThan(1)
    expect(warnings).toEqual([])
  })

  it.each([
    [{}, 'its output stays unjudged'],
    [{ atLeast: 0.7 }, 'the step fails, because evaluate.atLeast is 0.7'],
  ])('warns where nobody can judge: %j', async (more, then) => {
    const message = `no agent offers "evaluate.judge", which judges the output of step "draft": ${then}`
    const inactive = { ...critic, status: 'inactive' as const }
    for (const agents of [[makeAgent()], [makeAgent(), inactive]]) {
      const { estimate, warnings } = await preview(judged(more), agents)
      expect(warnings).toEqual([{ code: 'unknown-capability', path: 'steps.draft.evaluate.judge', message }])
      expect(estimate.assumptions).toContain('"draft" is not judged: nobody is known who could do it')
    }
  })
})

it('validate warns of a step whose judge nobody here is, and of no other', () => {
  const workflow = WorkflowSchema.parse(judged())
  const known = { agents: [makeAgent()], workflows: [] }
  expect(unservedSteps(workflow, known)).toMatchObject([
    { place: 'draft', issue: { code: 'unknown-capability', path: 'steps.draft.evaluate.judge' } },
  ])
  expect(unservedSteps(workflow, { ...known, agents: [...known.agents, critic] })).toEqual([])
})
