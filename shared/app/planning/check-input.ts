import * as z from 'zod'
import { OrchestratorError } from '../../domain/errors.ts'
import {
  FileReferenceSchema,
  fileReferencesIn,
  mayRead,
  taskOfReference,
  uploadsPrefix,
} from '../../domain/file-reference.ts'
import { describeIssues, type Issue, issue } from '../../domain/issue.ts'
import { issuesOfZod } from '../../domain/issues-of-zod.ts'
import type { Json } from '../../domain/json.ts'
import { mentionsInherited, parseOwn } from '../../domain/parse-own.ts'
import type { FileStore } from '../../ports/index.ts'
import { boundedWork } from '../../workflow/bounded-work.ts'
import type { Workflow } from '../../workflow/schema.ts'

/** The task's input with the schema's defaults. Throws InvalidInputError listing every issue, and as `boundedWork` does. */
export function parseInput(workflow: Workflow, input: Json = {}): Json {
  if (!workflow.input) return input
  const given = workflow.input
  const checked = boundedWork(`the check of the input of workflow "${workflow.name}"`, () => {
    const schema = z.fromJSONSchema(given)
    const parsed = mentionsInherited(given) ? parseOwn(schema, input) : schema.safeParse(input)
    return parsed.success
      ? { value: parsed.data as Json }
      : { issues: issuesOfZod(parsed.error, { schema, value: input, path: 'input' }) }
  })
  if (checked.issues === undefined) return checked.value
  const { issues } = checked
  throw new OrchestratorError(
    'InvalidInputError',
    `the input does not fit workflow "${workflow.name}": ${describeIssues(issues)}`,
    { issues },
  )
}

/**
 * Checks that all referenced files exist, so that a missing one is reported at submission and not by the first agent. A file of another
 * tenant is as if it did not exist.
 */
export async function checkFileReferences(files: FileStore, input: Json, tenant: string): Promise<void> {
  const found = fileReferencesIn(input, 'input')
  const checked = await Promise.all(
    found.map(({ path, reference }) => issueOfReference(files, tenant, { path, reference })),
  )
  const issues = checked.filter((one) => one !== undefined)
  if (issues.length === 0) return
  throw new OrchestratorError('InvalidInputError', describeIssues(issues), { issues })
}

async function issueOfReference(
  files: FileStore,
  tenant: string,
  { path, reference }: { path: string; reference: unknown },
): Promise<Issue | undefined> {
  const parsed = FileReferenceSchema.safeParse(reference)
  if (!parsed.success) {
    const about = { schema: FileReferenceSchema, value: reference, what: 'the reference' }
    const message = describeIssues(issuesOfZod(parsed.error, about))
    return issue('bad-file-reference', path, message)
  }
  const { $file } = parsed.data
  const found = mayRead(parsed.data, tenant) ? await files.list($file, 1) : []
  if (found.length > 0) return undefined
  if (taskOfReference(parsed.data))
    return issue('file-not-found', path, `there is no file "${$file}"; files of a task go with it`)
  const place = uploadsPrefix(tenant)
  const isElsewhere = !mayRead(parsed.data, tenant)
  const where = isElsewhere ? `; what this tenant has uploaded is named ${place}<folder>/<path>` : ''
  const message = `"${$file}" has not been uploaded${where}; POST /files first, or npx orchestrator submit --file`
  return issue('file-not-found', path, message)
}
