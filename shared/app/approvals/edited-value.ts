import { OrchestratorError } from '../../domain/errors.ts'
import { describeIssues } from '../../domain/issue.ts'
import { issuesOfZod } from '../../domain/issues-of-zod.ts'
import { canonicalJson, type Json, type JsonObject } from '../../domain/json.ts'
import { bytesOf } from '../../domain/model-tokens.ts'
import type { StepRecord } from '../../domain/step.ts'
import type { Task } from '../../domain/task.ts'
import type { Ports } from '../../ports/index.ts'
import { boundedWork } from '../../workflow/bounded-work.ts'
import type { StepOf } from '../../workflow/schema.ts'
import { schemaOfJson } from '../../workflow/schema-of-json.ts'
import { checkFileReferences } from '../planning/check-input.ts'
import { stepAt } from '../steps/plan-paths.ts'

/** It is kept in the record of its step, which is one item. */
const MOST_EDITED_BYTES = 64 * 1024

type Needs = Pick<Ports, 'plans' | 'values' | 'files' | 'ids'>
type Asked = Pick<StepRecord, 'path'> & { approval: NonNullable<StepRecord['approval']> }

/** The value as its approver has changed it, as it is kept: JSON text, and its digest. */
export type Edited = { text: string; digest: string }

/**
 * What an approver has made of the value that was shown; undefined where it is the same (approval/O15). Throws InvalidInputError for a step whose value cannot be changed, and for a value that
 * is too large, refers to a file that cannot be read, or does not fit the schema of the step.
 */
export async function editedValue(
  ports: Needs,
  task: Task,
  { path, approval }: Asked,
  given: Json,
): Promise<Edited | undefined> {
  const shown = approval.value && (await ports.values.loadValue(approval.value))
  if (shown !== undefined && canonicalJson(shown) === canonicalJson(given)) return undefined
  const plan = await ports.plans.getPlan(task.id, task.execution)
  const { edit } = (stepAt(plan, path) as StepOf<'approval'>).approval
  if (shown === undefined || edit === undefined) {
    const why = shown === undefined ? 'shows no value' : 'says nothing of `edit`'
    throw refused(`value: step "${path}" ${why}, so that its answer has none`)
  }
  requireSmall(JSON.stringify(given), 'it')
  const value = fitting(edit as JsonObject, given, path)
  const text = JSON.stringify(value)
  requireSmall(text, 'with the defaults of `edit` it')
  await checkFileReferences(ports.files, value, task.tenant)
  return { text, digest: ports.ids.digest(canonicalJson(value)) }
}

function requireSmall(text: string, what: string): void {
  const bytes = bytesOf(text)
  if (bytes > MOST_EDITED_BYTES)
    throw refused(
      `value: ${what} has ${bytes} bytes; an edited one has at most ${MOST_EDITED_BYTES}: refer to a file`,
    )
}

/** The value with the defaults of the schema. */
function fitting(edit: JsonObject, value: Json, path: string): Json {
  const what = `the value of step "${path}"`
  const checked = boundedWork(`the check of ${what}`, () => {
    const schema = schemaOfJson(edit)
    const parsed = schema.safeParse(value)
    return parsed.success
      ? { value: parsed.data as Json }
      : { issues: issuesOfZod(parsed.error, { schema, value, path: 'value' }) }
  })
  if (checked.issues === undefined) return checked.value
  throw new OrchestratorError('InvalidInputError', `${what}: ${describeIssues(checked.issues)}`, {
    issues: checked.issues,
  })
}

const refused = (message: string): OrchestratorError => new OrchestratorError('InvalidInputError', message)
