import type { NewFiles } from './new-files.ts'

/** Paths of an agent and its test: side by side in a project; in a checkout, tests are under `test`. */
export type AgentPlace = { agent: string; test: string; importAs: string }

export const inProject = (id: string, folder = 'agents'): AgentPlace => ({
  agent: `${folder}/${id}/index.ts`,
  test: `${folder}/${id}/index.test.ts`,
  importAs: './index.ts',
})

export const inCheckout = (id: string): AgentPlace => ({
  agent: `functions/agents/${id}/index.ts`,
  test: `test/unit/agents/${id}.test.ts`,
  importAs: `../../../functions/agents/${id}/index.ts`,
})

/** A small working agent with one capability, `<id>.greet`, and its test. */
export function agentFiles(id: string, { agent, test, importAs }: AgentPlace): NewFiles {
  return {
    [agent]: `import { defineAgent } from 'orchestrator/agent'
import * as z from 'zod'

export default defineAgent({
  id: '${id}',
  version: '1.0.0',
  description: 'Greets by name.',
  capabilities: {
    '${id}.greet': {
      description: 'A greeting for a name.',
      input: z.object({ name: z.string().min(1) }),
      output: z.object({ text: z.string() }),
    },
  },
  limits: { timeoutSeconds: 10, memoryMb: 256 },
  async execute({ input }, context) {
    context.log.info('greeting', { attempt: context.attempt })
    return { text: \`Hello, \${input.name}!\` }
  },
})
`,
    [test]: `import { testAgent } from 'orchestrator/testing'
import { expect, it } from 'vitest'
import agent from '${importAs}'

it('greets by name', async () => {
  const { output } = await testAgent(agent, { capability: '${id}.greet', input: { name: 'Ada' } })
  expect(output).toEqual({ text: 'Hello, Ada!' })
})

it('refuses an empty name', async () => {
  const { error } = await testAgent(agent, { capability: '${id}.greet', input: { name: '' } })
  expect(error?.name).toBe('InvalidInputError')
})
`,
  }
}
