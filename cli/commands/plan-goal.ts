import { stringify } from 'yaml'
import { EstimateSchema } from '../../shared/domain/estimate.ts'
import type { Json, JsonObject } from '../../shared/domain/json.ts'
import { isJsonObject } from '../../shared/domain/json.ts'
import { callApi } from '../api-client.ts'
import { CliError, EXIT } from '../cli-error.ts'
import { readJsonOption } from '../input/read-json-option.ts'
import { describeEstimate } from '../show/describe-estimate.ts'
import { leaveWord } from '../show/leave-word.ts'
import { showFailure } from '../show/show-ended.ts'
import { printContent, printJson } from '../show/terminal.ts'
import { watchTask } from '../show/watch-task.ts'
import { withoutDefaults } from '../show/without-defaults.ts'

type Options = {
  input?: string | undefined
  budget?: number | undefined
  tokens?: number | undefined
  deadline?: number | undefined
  json?: boolean
}

/**
 * Has a goal planned, by a task that runs nothing of the plan, and prints the workflow as YAML, what was taken for granted as comments before
 * it. Throws CliError where no plan comes of it.
 */
export async function planGoal(goal: string, options: Options): Promise<void> {
  const { input, budget, tokens, deadline, json = false } = options
  const given = input === undefined ? undefined : await readJsonOption(input)
  if (given !== undefined && !isJsonObject(given))
    throw new CliError('the input of a goal is a JSON object, e.g. {"topic": "leases"}')
  const { taskId } = await callApi('submitTask', {
    workflow: 'plan_goal',
    input: { goal, ...(given === undefined ? {} : { input: given }) },
    budgetUsd: budget,
    budgetTokens: tokens,
    deadlineSeconds: deadline,
  })
  const takeBack = leaveWord(taskId)
  // Standard output is the workflow alone, for > workflow.yaml.
  const ended = await watchTask(taskId, { to: process.stderr, quiet: json })
  takeBack()
  if (ended.status !== 'succeeded') {
    showFailure(ended)
    throw new CliError('', EXIT.taskFailed)
  }
  const { result } = await callApi('getTaskResult', { id: taskId })
  if (json) return printJson(result)
  const plan = isJsonObject(result) ? result : {}
  printContent([...commentsOf(goal, plan).map(asComment), await definitionOf(plan)].join('\n').trimEnd())
}

function commentsOf(goal: string, { plannedBy, assumptions, repairs, estimate }: JsonObject): string[] {
  const ofRepairs = listOf(repairs).flatMap((one) => (isJsonObject(one) && one.guessed ? [one] : []))
  return [
    `Goal: ${goal}`,
    `Planned by ${String(plannedBy)}`,
    ...listOf(assumptions).map((one) => `Taken for granted: ${String(one)}`),
    ...ofRepairs.map(({ path, message }) => `Guessed: ${String(path)}: ${String(message)}`),
    ...estimateIn(estimate),
  ]
}

function estimateIn(estimate: Json | undefined): string[] {
  const { data } = EstimateSchema.safeParse(estimate)
  return data ? [describeEstimate(data)] : []
}

const listOf = (value: Json | undefined): readonly Json[] => (Array.isArray(value) ? value : [])

/** A comment ends with its line, and so does what a model has put into it. */
const asComment = (text: string): string => `# ${text.replaceAll(/\s+/g, ' ')}`

/** The definition of a plan; that of a registered workflow where the plan names one. */
async function definitionOf({ workflow }: JsonObject): Promise<string> {
  if (isJsonObject(workflow)) return stringify(withoutDefaults(workflow))
  if (typeof workflow !== 'string') return stringify(workflow)
  const [name = ''] = workflow.split('@')
  const registered = await callApi('getWorkflow', { name })
  return stringify(registered.definition)
}
