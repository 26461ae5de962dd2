import { isOrchestratorError, OrchestratorError } from '../../domain/errors.ts'
import { isJsonObject, type Json, type JsonObject } from '../../domain/json.ts'
import { nearestTemplates } from '../../planner/nearest-templates.ts'
import type { Goal } from '../../planner/planner-prompt.ts'
import type { Workflow } from '../../workflow/schema.ts'
import { parseInput } from '../planning/check-input.ts'

/** A registered workflow that a goal asks for, with the input to run it with. */
export type FromTemplate = { workflow: Workflow; input: JsonObject; assumptions: string[] }

const SETTING = 'configure `models.default` in the stage'
const THEN = 'and a model plans from the words of the goal'

/**
 * The registered workflow that a goal clearly asks for, without a model (goals/G4). Throws ConfigError with the three nearest and the setting to
 * make (`setting`) where none is clear, or where the input of the goal does not fit it.
 */
export function planFromTemplate(
  { text, input }: Goal,
  workflows: readonly Workflow[],
  setting = SETTING,
): FromTemplate {
  const { near, clear } = nearestTemplates(text, workflows)
  const nearest = near.map(({ name }) => name)
  if (!clear) {
    const told =
      nearest.length > 0
        ? `the nearest workflows are ${nearest.map((name) => `"${name}"`).join(', ')}, none of them clearly what it asks for`
        : 'no registered workflow has a word of it'
    throw unplanned(
      `${told}; submit one of them with its input (orchestrator workflows), or ${setting}, ${THEN}`,
      nearest,
    )
  }
  const given = input ?? {}
  const fitting = fits(clear, given)
  if (fitting.input) return { workflow: clear, input: fitting.input, assumptions: [] }
  const name = questionIn(clear, given)
  const asked = name === undefined ? undefined : fits(clear, { ...given, [name]: text.trim() })
  if (name !== undefined && asked?.input)
    return {
      workflow: clear,
      input: asked.input,
      assumptions: [`"${name}" of workflow "${clear.name}" is the text of the goal`],
    }
  const message = `the goal asks for workflow "${clear.name}", and ${fitting.why}; give that as the input, or ${setting}, ${THEN}`
  throw unplanned(message, nearest)
}

type Fitting = { input: JsonObject; why?: undefined } | { input?: undefined; why: string }

function fits(workflow: Workflow, given: Json): Fitting {
  try {
    const input = parseInput(workflow, given)
    return isJsonObject(input) ? { input } : { why: 'its input is no object' }
  } catch (error) {
    if (!isOrchestratorError(error, 'InvalidInputError')) throw error
    return { why: error.message }
  }
}

/** Names of a text that says what is wanted. */
const QUESTIONS = ['goal', 'query', 'question', 'topic', 'task', 'prompt', 'instruction', 'instructions']

/** The one member that the input lacks, if it is a text that says what is wanted: the goal is such a text. */
function questionIn({ input }: Workflow, given: JsonObject): string | undefined {
  const required = Array.isArray(input?.required) ? input.required : []
  const lacking = required.filter((name) => !Object.hasOwn(given, String(name)))
  const [name] = lacking
  if (lacking.length !== 1 || typeof name !== 'string' || !QUESTIONS.includes(name)) return undefined
  const { properties } = input ?? {}
  const member = isJsonObject(properties) ? properties[name] : undefined
  return isJsonObject(member) && member.type === 'string' ? name : undefined
}

const unplanned = (why: string, nearest: string[]): OrchestratorError =>
  new OrchestratorError('ConfigError', `no model is configured to plan from a goal, and ${why}`, { nearest })
