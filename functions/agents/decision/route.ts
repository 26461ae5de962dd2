import { evaluateExpression, FinalError, isOrchestratorError, OrchestratorError } from 'orchestrator/agent'
import * as z from 'zod'
import { ask, type Model, requireModel } from '../_support/language/ask.ts'
import { fenced } from '../_support/language/fenced.ts'
import type { Routed, RouteInput } from './schemas.ts'

const MOST_TOKENS = 400

/**
 * The route of a value. A rule decides before any model: the first route whose `when` is true is taken, and only what no rule catches is asked of the model,
 * among the routes that have a description. Throws ConfigError where that is needed and there is no model.
 */
export async function route(input: RouteInput, context: Model): Promise<Routed> {
  const { value, routes, otherwise, instructions } = input
  for (const { name, when } of routes)
    if (when !== undefined && (await holds(name, when, value)))
      return { route: name, reason: `the rule ${when.slice(0, 300)}`, engine: 'rules' }
  const open = routes.filter(({ when, description }) => when === undefined && description !== undefined)
  if (open.length === 0) {
    if (otherwise !== undefined) return { route: otherwise, reason: 'no rule applies', engine: 'rules' }
    throw new FinalError('no rule of a route applies, and there is no "otherwise"')
  }
  requireModel(context, 'decision.route, among routes that have a description and no rule,')
  const names = [
    ...new Set([...open.map(({ name }) => name), ...(otherwise === undefined ? [] : [otherwise])]),
  ]
  const { value: answer, engine } = await ask(context, {
    name: 'route',
    system: [
      'You choose the route that something takes, from the list, and give the reason in one sentence.',
      otherwise === undefined ? '' : `Where none is right, the route is ${JSON.stringify(otherwise)}.`,
      `Routes: ${JSON.stringify(open.map(({ name, description }) => ({ name, description })))}`,
      instructions ?? '',
    ].join('\n'),
    prompt: fenced('what is routed', typeof value === 'string' ? value : JSON.stringify(value)),
    answer: z.object({ route: z.enum(names), reason: z.string().max(1_000) }),
    maxOutputTokens: MOST_TOKENS,
  })
  return { ...answer, engine }
}

async function holds(name: string, when: string, value: RouteInput['value']): Promise<boolean> {
  try {
    const result: unknown = await evaluateExpression(when, { value })
    if (result === undefined || result === null) return false
    if (typeof result === 'boolean') return result
    throw new OrchestratorError(
      'InvalidInputError',
      `it is ${(JSON.stringify(result) ?? '').slice(0, 300)}; it must be true or false`,
    )
  } catch (error) {
    if (!isOrchestratorError(error)) throw error
    throw new OrchestratorError('InvalidInputError', `the rule of the route "${name}": ${error.message}`)
  }
}
