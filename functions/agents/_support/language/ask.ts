import { type AgentContext, FinalError, type Json, OrchestratorError } from 'orchestrator/agent'
import * as z from 'zod'
import { FENCE_RULE } from './fenced.ts'

export type Model = Pick<AgentContext, 'model'>

type Question<S extends z.ZodType> = {
  /** The name of a model of the stage; `default` where it is not given. */
  model?: string
  /** Names the answer, in letters and dashes. */
  name: string
  system: string
  prompt: string
  answer: S
  maxOutputTokens: number
}

/** An answer of a model of the stage, and the `engine` that outputs tell. Throws what `context.model.generate` throws. */
export async function ask<S extends z.ZodType>(
  { model }: Model,
  { answer, ...question }: Question<S>,
): Promise<{ value: z.output<S>; engine: string }> {
  // A dialect that providers know; their own schemas have no `$schema`.
  const { $schema: _, ...schema } = z.toJSONSchema(answer)
  return asked({ model }, { ...question, schema }, (value) => answer.parse(value))
}

/** The same for a schema that is known at run time only; the gate has checked the answer against it. */
export function askForSchema(
  context: Model,
  question: Omit<Question<z.ZodType>, 'answer'> & { schema: object },
): Promise<{ value: Json; engine: string }> {
  return asked(context, question, (value) => value)
}

async function asked<T>(
  { model }: Model,
  {
    model: named,
    name,
    system,
    prompt,
    schema,
    maxOutputTokens,
  }: Omit<Question<z.ZodType>, 'answer'> & { schema: object },
  read: (value: Json) => T,
): Promise<{ value: T; engine: string }> {
  const reply = await model.generate({
    ...(named === undefined ? {} : { model: named }),
    system: `${system}\n\n${FENCE_RULE}`,
    prompt,
    answer: { name, schema },
    maxOutputTokens,
    cacheAfter: 'system',
  })
  if (reply.value === undefined)
    throw new FinalError(`the model ${reply.modelId} has given no answer (finish: ${reply.finish})`)
  return { value: read(reply.value), engine: `llm:${reply.modelId}` }
}

/** Throws ConfigError where the stage configures no model of this name; `what` is what cannot be done without one. */
export function requireModel({ model }: Model, what: string, name = 'default'): void {
  if (model.has(name)) return
  throw new OrchestratorError(
    'ConfigError',
    `${what} needs a language model, and this stage configures none${name === 'default' ? '' : ` by the name ${name}`}: set models.${name} in the stage, e.g. models: { ${name}: { provider: bedrock, id: ..., contextTokens: 200000 } }, and deploy`,
  )
}
