/** Structured answers: checked against their schema, with one repair turn (model-gate/G7). */
import { OrchestratorError } from '../../domain/errors.ts'
import { boundedIssues, describeIssues, type Issue, issue } from '../../domain/issue.ts'
import { addUsage } from '../../domain/model-tokens.ts'
import { isTooDeep, MOST_JSON_LEVELS } from '../../domain/not-json.ts'
import type { ModelAnswer, ModelMessage, ModelRequest } from '../../ports/models.ts'
import { type Checked, checkOf } from './check-json.ts'
import { answerNamed, textOfParts, userSays } from './model-request.ts'
import { toldIssues } from './told-issues.ts'

type Ask = (request: ModelRequest) => Promise<ModelAnswer>

/**
 * Asks for an answer that fits `request.answer`; without it, asks. An answer that calls tools is returned as it is. Throws
 * ModelFilteredError for one that the provider has withheld, and ModelOutputError with the issues that are left after the repair.
 */
export async function askStructured(ask: Ask, request: ModelRequest): Promise<ModelAnswer> {
  if (!request.answer) return ask(request)
  const { name, schema } = request.answer
  const check = checkOf(schema, answerNamed({ name }))
  const asked = async (one: ModelRequest): Promise<ModelAnswer> => requireGiven(request, await ask(one))
  const first = await asked(request)
  const found = checked(first, check)
  if (!found) return first
  if (!found.issues) return { ...first, value: found.value }
  const messages = [...request.messages, ...said(first), askToRepair(found.issues)]
  const again = await asked({ ...request, messages })
  const usage = addUsage(first.usage, again.usage)
  const left = checked(again, check)
  if (!left) return { ...again, usage }
  if (!left.issues) return { ...again, usage, value: left.value }
  const message = `model ${request.model} (${again.modelId}) has not answered what the schema of "${name}" allows, also when it was told why: ${describeIssues(left.issues)}`
  throw new OrchestratorError('ModelOutputError', message, { issues: boundedIssues(left.issues) })
}

/** Throws ModelFilteredError: without it an author would see a value that is missing, and look for the fault in the schema. */
function requireGiven({ model, answer }: ModelRequest, given: ModelAnswer): ModelAnswer {
  if (given.finish !== 'filtered') return given
  throw new OrchestratorError(
    'ModelFilteredError',
    `model ${model} (${given.modelId}) has given no answer "${answer?.name}": it was withheld by the filter of its provider, which has found something in the question or in the answer. Change what is asked, take another model, or change the guardrail`,
    { model, modelId: given.modelId },
  )
}

/** Undefined for an answer that is none to check. */
function checked({ value, finish }: ModelAnswer, check: ReturnType<typeof checkOf>): Checked | undefined {
  if (finish === 'tools') return undefined
  if (value !== undefined) return check(value)
  const why =
    finish === 'length'
      ? 'the answer was cut off, because it was longer than it may be: answer more briefly'
      : `the answer holds no JSON value, or one that is nested deeper than ${MOST_JSON_LEVELS} levels`
  return { issues: [issue('invalid-value', '', why)] }
}

/** What the model has answered, as text: a provider takes no call of a tool in a message that nothing answers. */
function said(answer: ModelAnswer): ModelMessage[] {
  const { value } = answer
  const text = value === undefined || isTooDeep(value) ? textOfParts(answer) : JSON.stringify(value)
  return text.trim() === '' ? [] : [{ role: 'assistant', parts: [{ kind: 'text', text }] }]
}

function askToRepair(issues: readonly Issue[]): ModelMessage {
  return userSays(
    `The answer does not fit its schema. Answer again, whole, with these mended:\n${toldIssues(issues)}`,
  )
}
