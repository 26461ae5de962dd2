import * as z from 'zod'
import { createModel } from '../../functions/adapters/models/bedrock.ts'
import { type AgentContext, defineAgent } from '../../shared/agent/index.ts'
import { ModelsSchema } from '../../shared/domain/model-settings.ts'

/** What a call of the agent measures: so many calls of the model one after the other, through the gate or past it, or a loop of so many turns. */
const AskedSchema = z.object({
  kind: z.enum(['gate', 'adapter', 'loop']),
  times: z.number(),
  name: z.string().default(''),
})
type Asked = z.output<typeof AskedSchema>
const MOST_OUTPUT = 50

/** In the place of the agent of texts; `task` is JSON of what to measure, and the text of the answer the milliseconds of each. */
export default defineAgent({
  id: 'language',
  version: '1.0.0',
  description: 'for benches',
  needs: { models: ['default'] },
  limits: { timeoutSeconds: 120 },
  capabilities: {
    'text.write': {
      description: 'for benches',
      input: z.object({ task: z.string() }),
      output: z.object({ text: z.string(), engine: z.string() }),
    },
  },
  async execute({ input }, context) {
    const asked = AskedSchema.parse(JSON.parse(input.task))
    const milliseconds =
      asked.kind === 'loop' ? [await loopOf(asked, context)] : await callsOf(asked, context)
    return { text: JSON.stringify(milliseconds), engine: 'bench' }
  },
})

async function callsOf({ kind, times }: Asked, { model, signal }: AgentContext): Promise<number[]> {
  const ask =
    kind === 'gate'
      ? () => model.generate({ prompt: 'Hello', maxOutputTokens: MOST_OUTPUT })
      : adapter(signal)
  const all: number[] = []
  for (let time = 0; time < times; time++) {
    const from = performance.now()
    await ask()
    all.push(performance.now() - from)
  }
  return all
}

/** The same call by the adapter alone, streamed as the gate asks for it. */
function adapter(signal: AbortSignal): () => Promise<unknown> {
  const { default: settings } = ModelsSchema.parse(JSON.parse(process.env.MODELS ?? '{}'))
  if (!settings) throw new Error('MODELS has no default')
  const model = createModel({ ...settings, name: 'default' })
  return () =>
    model.generate({
      model: 'default',
      system: [],
      messages: [{ role: 'user', parts: [{ kind: 'text', text: 'Hello' }] }],
      maxOutputTokens: MOST_OUTPUT,
      signal,
      onText: () => {},
    })
}

/** The milliseconds of a turn; `name` tells the script of the model which loop it is. */
async function loopOf({ times, name }: Asked, { model }: AgentContext): Promise<number> {
  const from = performance.now()
  const { turns } = await model.runTools({
    prompt: name,
    maxOutputTokens: MOST_OUTPUT,
    maxTurns: times,
    tools: [{ name: 'step', description: 'steps', schema: { type: 'object' }, run: async () => name }],
  })
  if (turns !== times) throw new Error(`the loop has made ${turns} turns, not ${times}`)
  return (performance.now() - from) / turns
}
