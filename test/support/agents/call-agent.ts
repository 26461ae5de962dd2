import type { Row } from '../../../functions/agents/_support/cells.ts'
import type { AgentContext, AgentFiles, DefinedAgent } from '../../../shared/agent/index.ts'
import { portWith } from '../stores/ports-with.ts'

/** Members of several agents' answers that tests read. */
type Answer = {
  rows: Row[]
  parts: Row[][]
  notes: string[]
  columns?: { name: string }[]
  text: string
  markdown: string
}

/** An agent's answer, with input and output checked as in the host. */
export async function callAgent(agent: DefinedAgent, capability: string, input: unknown): Promise<Answer> {
  const schemas = agent.capabilities[capability]
  if (!schemas) throw new Error(`${agent.manifest.id} has no ${capability}`)
  const context = portWith<AgentContext>(
    {
      signal: new AbortController().signal,
      files: portWith<AgentFiles>({ list: async () => [], readText: async () => '' }, 'the files'),
      progress: async () => {},
      model: portWith<AgentContext['model']>({ has: () => false }, 'the model'),
    },
    'the context',
  )
  const output = await agent.execute({ capability, input: schemas.input.parse(input) }, context)
  return schemas.output.parse(output) as Answer
}
