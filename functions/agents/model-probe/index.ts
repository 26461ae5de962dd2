import { defineAgent, isOrchestratorError } from 'orchestrator/agent'
import * as z from 'zod'

/** Enough for a model that thinks before its word. */
const MOST_TOKENS = 256
const MOST_TEXT = 200
const count = z.number().int().min(0)

const AnsweredSchema = z.object({
  model: z.string(),
  answered: z.literal(true),
  modelId: z
    .string()
    .describe("The provider's id of the model that has answered: that of the fallback, where it was asked"),
  milliseconds: count,
  finish: z.string(),
  text: z.string().describe('The beginning of the answer'),
  inputTokens: count,
  outputTokens: count,
})
const FailedSchema = z.object({
  model: z.string(),
  answered: z.literal(false),
  milliseconds: count,
  error: z.object({ name: z.string(), message: z.string() }),
})

export default defineAgent({
  id: 'model-probe',
  version: '1.0.0',
  description: 'Makes one small call of a language model, to try the settings of a stage.',
  typicalSeconds: 2,
  capabilities: {
    'model.probe': {
      description:
        'Asks a model of the stage for one word: how long it took, its tokens, or why it did not answer.',
      input: z.object({ model: z.string().describe('The name that the stage gives to the model') }),
      output: z.discriminatedUnion('answered', [AnsweredSchema, FailedSchema]),
    },
  },
  needs: { models: ['*'] },
  limits: { timeoutSeconds: 60, memoryMb: 512 },
  async execute({ input: { model } }, context) {
    const from = performance.now()
    const passed = (): number => Math.round(performance.now() - from)
    try {
      const { modelId, finish, text, usage } = await context.model.generate({
        model,
        prompt: 'Answer with one word: ready',
        maxOutputTokens: MOST_TOKENS,
      })
      const { inputTokens, outputTokens, cacheReadTokens = 0, cacheWriteTokens = 0 } = usage
      return {
        model,
        answered: true,
        modelId,
        milliseconds: passed(),
        finish,
        text: text.slice(0, MOST_TEXT),
        inputTokens: inputTokens + cacheReadTokens + cacheWriteTokens,
        outputTokens,
      }
    } catch (error) {
      // Also throttling, which another agent would let pass: what to know is that the model does not answer now.
      if (context.signal.aborted || !isOrchestratorError(error)) throw error
      const { name, message } = error
      return { model, answered: false, milliseconds: passed(), error: { name, message } }
    }
  },
})
