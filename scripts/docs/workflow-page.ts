import type * as z from 'zod'
import { KINDS } from '../../shared/workflow/kinds/index.ts'
import { STEP_KINDS, type StepKind, stepSchemaFor, WorkflowSchema } from '../../shared/workflow/schema.ts'
import { fieldsOf, fieldTable } from './field-rows.ts'
import { code, generated, page } from './table.ts'

/** The generated part of docs/reference/workflow-language.md: every field of every kind of step, from the schemas. */
export function workflowFields(): string {
  const first = STEP_KINDS.map((kind) => Object.keys(fieldsOf(schemaOf(kind)) ?? {}))
  const common = (first[0] ?? []).filter((name) => first.every((names) => names.includes(name)))
  const ofStep = fieldsOf(schemaOf('wait')) ?? {}
  const pick = (names: readonly string[]) =>
    Object.fromEntries(Object.entries(ofStep).filter(([name]) => names.includes(name)))
  return page(
    generated('shared/workflow/schema.ts'),
    '## Fields of a workflow',
    fieldTable(WorkflowSchema.shape),
    '## Fields of every step',
    fieldTable(pick(common)),
    ...tablesInside(Object.entries(pick(common))),
    ...STEP_KINDS.flatMap((kind) => ofKind(kind, common)),
  ).trim()
}

const schemaOf = (kind: StepKind) => stepSchemaFor({ [kind]: {} })

function ofKind(kind: StepKind, common: readonly string[]): string[] {
  const fields = Object.entries(fieldsOf(schemaOf(kind)) ?? {}).filter(([name]) => !common.includes(name))
  return [
    `## ${KINDS[kind].title}`,
    KINDS[kind].description,
    fieldTable(Object.fromEntries(fields)),
    ...tablesInside(fields),
  ]
}

/** The members of the fields that are objects. */
function tablesInside(fields: readonly [string, z.core.$ZodType][]): string[] {
  return fields.flatMap(([name, schema]) => {
    const members = fieldsOf(schema)
    return members === undefined ? [] : [`Members of ${code(name)}:`, fieldTable(members)]
  })
}
