import { afterAll, expect, it, onTestFinished } from 'vitest'
import { copyProject } from '../support/cloud/copy-project.ts'
import { startApi } from '../support/cloud/local-api.ts'

const project = copyProject()
afterAll(project.remove)

it('runs agents in nested stacks, because one stack cannot hold them all', {
  timeout: 120_000,
}, async () => {
  // 75 agents besides our own.
  for (let number = 1; number <= 75; number++) {
    project.write(
      `functions/agents/extra-${number}/index.ts`,
      `import * as z from 'zod'
import { defineAgent } from '../../../shared/agent/index.ts'
export default defineAgent({
  id: 'extra-${number}', version: '1.0.0', description: '',
  capabilities: { 'extra.work${number}': { description: '', input: z.looseObject({}), output: z.looseObject({}) } },
  async execute({ input }) { return input },
})
`,
    )
  }
  expect(project.synthesize()).toEqual({ status: 0, stderr: '' })
  const api = await startApi({ assembly: project.out })
  onTestFinished(() => api.stop())
  const steps = {
    a: { capability: 'extra.work1', input: { n: 1 } },
    // The last agent by name, which is in a nested stack.
    b: { capability: 'validate.schema', input: { value: 2, schema: { type: 'integer' } } },
  }
  const { taskId } = await api.submitOwn({ name: 'nested', steps })
  expect(await api.ended(taskId)).toMatchObject({ status: 'succeeded' })
  expect(await api.resultOf(taskId)).toMatchObject({ a: { n: 1 }, b: { valid: true } })
  const { body } = await api.call('GET', '/agents/validation')
  expect(body.functionArn).toMatch(/:function:orchestrator-agent-validation_1$/)
})
