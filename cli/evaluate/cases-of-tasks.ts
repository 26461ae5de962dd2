import type { Json } from '../../shared/domain/json.ts'
import { callApi } from '../api-client.ts'
import { CliError } from '../cli-error.ts'
import { parseTaskId } from '../input/parse-options.ts'

/** Tasks as cases: their inputs, and their results as what is expected. Throws CliError for one that has none, or ran another workflow. */
export async function casesOfTasks(
  workflow: string,
  ids: readonly string[],
): Promise<{ id: string; input: Json; expected: Json }[]> {
  const cases = []
  for (const given of ids) {
    const id = parseTaskId(given)
    const task = await callApi('getTask', { id })
    const [name] = workflow.split('@')
    if (task.workflow.name !== name)
      throw new CliError(`task ${id} ran the workflow ${task.workflow.name}, not ${name}`)
    if (task.status !== 'succeeded')
      throw new CliError(`task ${id} is ${task.status}; a case is made of a task that has succeeded`)
    const [{ input }, { result }] = await Promise.all([
      callApi('getTaskInput', { id }),
      callApi('getTaskResult', { id }),
    ])
    cases.push({ id, input: input as Json, expected: (result ?? null) as Json })
  }
  return cases
}
