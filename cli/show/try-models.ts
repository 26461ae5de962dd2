import * as z from 'zod'
import type { StepView } from '../../shared/contracts/views.ts'
import { callApi, callPages } from '../api-client.ts'
import { watchTask } from './watch-task.ts'

/** What came of one call of a model. */
export type Try = {
  name: string
  milliseconds?: number
  costUsd?: number
  modelId?: string
  tokens?: { input: number; output: number }
  text?: string
  /** The fallback that has answered in its place, and why the model itself has not. */
  fallback?: { name: string; because: { name: string; message: string } }
  error?: { name: string; message: string }
}

/** The output of the agent `model-probe`. */
const ProbeSchema = z.discriminatedUnion('answered', [
  z.object({
    answered: z.literal(true),
    modelId: z.string(),
    milliseconds: z.number(),
    text: z.string(),
    inputTokens: z.number(),
    outputTokens: z.number(),
  }),
  z.object({
    answered: z.literal(false),
    milliseconds: z.number(),
    error: z.object({ name: z.string(), message: z.string() }),
  }),
])

/**
 * Calls each of these models once, all at the same time, by a task of the stage: the calls have the grants, limits and prices that those of any
 * other task have.
 */
export async function tryModels(names: readonly string[]): Promise<{ taskId: string; tries: Try[] }> {
  const steps = Object.fromEntries(
    names.map((model, at) => [
      stepId(at),
      { capability: 'model.probe', agent: 'model-probe', input: { model }, onFailure: 'continue' },
    ]),
  )
  const workflow = { name: 'try_models', version: 1, description: 'One small call of each model.', steps }
  const { taskId } = await callApi('submitTask', { workflow })
  await watchTask(taskId, { to: process.stderr, quiet: true })
  const found = new Map<string, StepView>()
  for await (const page of callPages('listTaskSteps', { id: taskId, outputs: true }))
    for (const step of page.steps) found.set(step.stepId, step)
  const tries = names.map(async (name, at) => {
    const one = tryOf(name, found.get(stepId(at)))
    const fallback = one.error ? undefined : await fallbackOf(taskId, stepId(at), name)
    return { ...one, ...(fallback ? { fallback } : {}) }
  })
  return { taskId, tries: await Promise.all(tries) }
}

/** By the transcript of the call; unknown where the stage keeps none. */
async function fallbackOf(taskId: string, step: string, name: string): Promise<Try['fallback']> {
  const { calls } = await callApi('listTaskStepTranscript', { id: taskId, stepId: step })
  const answered = calls.findLast(({ errorName }) => errorName === undefined)
  const refused = calls.find(({ model, errorName }) => model === name && errorName !== undefined)
  if (!answered || answered.model === name) return undefined
  const { errorName = 'ModelUnavailableError', errorMessage = 'it has not answered' } = refused ?? {}
  return { name: answered.model, because: { name: errorName, message: errorMessage } }
}

const stepId = (at: number): string => `model_${at}`

function tryOf(name: string, step: StepView | undefined): Try {
  const costUsd = step?.costUsd
  const cost = costUsd === undefined ? {} : { costUsd }
  const probe = ProbeSchema.safeParse(step?.output)
  if (!probe.success) {
    const last = step?.error ?? step?.attempts.at(-1)?.error
    const { name: errorName = 'BugError', message = 'the call has ended without an answer' } = last ?? {}
    return { name, ...cost, error: { name: errorName, message } }
  }
  const { milliseconds } = probe.data
  if (!probe.data.answered) return { name, milliseconds, ...cost, error: probe.data.error }
  const { modelId, text, inputTokens: input, outputTokens: output } = probe.data
  return { name, milliseconds, ...cost, modelId, tokens: { input, output }, text }
}
