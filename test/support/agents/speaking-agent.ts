import * as z from 'zod'
import { defineAgent } from '../../../shared/agent/index.ts'

/** In the place of the agent of texts: it says what its model says. With the task `die`, its first attempt is killed at the first word. */
export default defineAgent({
  id: 'language',
  version: '1.0.0',
  description: 'for tests',
  needs: { models: ['default'] },
  limits: { timeoutSeconds: 60 },
  capabilities: {
    'text.write': {
      description: 'for tests',
      input: z.object({ task: z.string() }),
      output: z.object({ text: z.string(), engine: z.string() }),
    },
  },
  async execute({ input }, { model, attempt }) {
    const onText = (): void => {
      if (input.task === 'die' && attempt === 1) process.kill(process.pid, 'SIGKILL')
    }
    const { text, modelId } = await model.generate({ prompt: input.task, maxOutputTokens: 100, onText })
    return { text, engine: modelId }
  },
})
