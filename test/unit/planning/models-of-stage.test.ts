import { describe, expect, it } from 'vitest'
import { chooseAgents } from '../../../shared/app/choice/choose-agents.ts'
import type { Agent } from '../../../shared/domain/agent.ts'
import { isOrchestratorError } from '../../../shared/domain/errors.ts'
import type { Issue } from '../../../shared/domain/issue.ts'
import { ModelsSchema } from '../../../shared/domain/model-settings.ts'
import { unservedSteps } from '../../../shared/planner/unserved-steps.ts'
import { placedIn } from '../../../shared/workflow/issue-places.ts'
import { makeAgent } from '../../support/agents/make-agent.ts'
import { validWorkflow } from '../../support/cloud/compiled-workflow.ts'
import { portsWith } from '../../support/stores/ports-with.ts'

const modelsOf = (...names: string[]) =>
  ModelsSchema.parse(
    Object.fromEntries(names.map((name) => [name, { provider: 'bedrock', id: name, contextTokens: 9_000 }])),
  )
const AGENTS = [
  makeAgent({ id: 'converse', capability: 'model.turn' }),
  makeAgent({ id: 'writer', capability: 'text.write' }),
  makeAgent({ id: 'judge', capability: 'evaluate.judge' }),
  makeAgent({ id: 'old', capability: 'text.old', status: 'deprecated' }),
  makeAgent({ id: 'theirs', capability: 'text.theirs', tenants: ['others'] }),
]
const conversation = (more: string) => `name: w
steps:
  ask:
    converse:
      input: hello
      capabilities: [text.write]
      ${more}
`
const judged = `name: w
steps:
  write:
    capability: text.write
    evaluate:
      judge: { rubric: good, model: fats }
`

/** What planning says of a workflow in a stage: a line for each issue. */
async function planned(text: string, stageModels?: ReturnType<typeof modelsOf>, agents: Agent[] = AGENTS) {
  const ports = portsWith<Parameters<typeof chooseAgents>[0]>({ agents: { listAgents: async () => agents } })
  const given = Object.assign(Object.create(ports), { stageModels })
  try {
    await chooseAgents(given, validWorkflow(text), { seed: 'x', tenant: 'mine' })
    return []
  } catch (error) {
    if (!isOrchestratorError(error, 'InvalidWorkflowError', 'NoAgentError')) throw error
    return (error.details.issues as Issue[]).map(lineOf)
  }
}
const lineOf = ({ line, column, code, path, message }: Issue): string =>
  `${line}:${column} ${code} ${path}: ${message}`

const CASES: [string, string, string[], string[]][] = [
  ['the model by default, which is there', conversation(''), ['default'], []],
  [
    'the model by default of a stage without any',
    conversation(''),
    [],
    [
      '4:5 unknown-model steps.ask.converse.model: the stage has no model "default": it configures none; set models.default in the stage file, or name another',
    ],
  ],
  [
    'a misspelt model of a conversation',
    conversation('model: fats'),
    ['default', 'fast'],
    [
      '7:7 unknown-model steps.ask.converse.model: the stage has no model "fats"; did you mean "fast"? (known: default, fast); set models.fats in the stage file, or name another',
    ],
  ],
  [
    'a misspelt model of a judge',
    judged,
    ['fast'],
    [
      '6:30 unknown-model steps.write.evaluate.judge.model: the stage has no model "fats"; did you mean "fast"? (known: fast); set models.fats in the stage file, or name another',
    ],
  ],
]

describe('a model that a step names', () => {
  it.each(CASES)('%s', async (_what, text, names, told) => {
    expect(await planned(text, modelsOf(...names))).toEqual(told)
    const workflow = validWorkflow(text)
    const unserved = unservedSteps(workflow, { agents: AGENTS, workflows: [], models: names })
    expect(
      placedIn(
        workflow,
        unserved.map(({ issue }) => issue),
      ).map(lineOf),
    ).toEqual(told)
  })

  it.each(CASES)('is not refused where the models are not known: %s', async (_what, text) => {
    expect(await planned(text)).toEqual([])
    expect(unservedSteps(validWorkflow(text), { agents: AGENTS, workflows: [] })).toEqual([])
  })
})

it.each([
  ['a deprecated agent alone offers', 'text.old', 'old: is deprecated'],
  ['an agent of another tenant alone offers', 'text.theirs', 'theirs: does not work for tenant mine'],
])('a capability of a conversation that %s is refused before it runs', async (_what, capability, why) => {
  const text = conversation('').replace('[text.write]', `[text.write, ${capability}]`)
  expect(await planned(text, modelsOf('default'))).toEqual([
    `6:34 no-agent steps.ask.converse.capabilities[1]: nobody can do "${capability}", which step "ask.calls.call" may come to call: ${why}`,
  ])
})
