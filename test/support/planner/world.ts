import type { JsonObject } from '../../../shared/domain/json.ts'
import type { ModelAnswer, ModelRequest, Models } from '../../../shared/ports/models.ts'

export const capability = (name: string, properties: JsonObject, required: string[]) => ({
  name,
  description: `Does ${name}.`,
  inputSchema: { type: 'object', properties, required, additionalProperties: false },
  outputSchema: {
    type: 'object',
    properties: { text: { type: 'string' } },
    required: ['text'],
    additionalProperties: false,
  },
})

export type Said = string | JsonObject | Partial<ModelAnswer>

/** A model that says these answers, one after another and then the last again; `requests` are what it was asked. */
export function saying(...answers: Said[]): Models & { requests: ModelRequest[] } {
  const requests: ModelRequest[] = []
  return {
    requests,
    generate: async (request) => {
      const said = answers[Math.min(requests.length, answers.length - 1)] ?? ''
      requests.push(request)
      return answerOf(said)
    },
  }
}

function answerOf(said: Said): ModelAnswer {
  const common = {
    finish: 'stop' as const,
    usage: { inputTokens: 1_000, outputTokens: 200 },
    modelId: 'scripted',
  }
  if (typeof said === 'object' && ('finish' in said || 'usage' in said))
    return { ...common, parts: [], ...(said as Partial<ModelAnswer>) }
  const text = typeof said === 'string' ? said : JSON.stringify(said)
  return { ...common, parts: [{ kind: 'text', text }] }
}
