import { STEP_KINDS, type StepKind, stepSchemaFor, WorkflowSchema } from '../../shared/workflow/schema.ts'
import { fieldsOf, fieldTable } from './field-rows.ts'
import { code, generated, page } from './table.ts'

const TITLES: Readonly<Record<StepKind, string>> = {
  agent: 'A step that an agent runs',
  repeat: 'A loop',
  steps: 'Steps for each item of a list',
  approval: 'A person answers',
  wait: 'Waiting',
  workflow: 'A child workflow',
  emit: 'An event',
}
const SAID: Readonly<Record<StepKind, string>> = {
  agent: 'It has `capability`, `agent`, or both. With `forEach` it runs once for each item of a list.',
  repeat:
    'Its steps go round until `until` is true. `$iteration` counts from 1; `$previous` has the outputs of the round before by step.',
  steps: 'A fan-out over several steps: all of them for each item, `$item` and `$index`.',
  approval:
    'It waits until somebody answers (`orchestrator approve`, or the API). Its output is `{decision, by, at, comment}`.',
  wait: 'It waits for a time, without cost.',
  workflow: 'It runs a registered workflow as a task of its own that is linked to this one.',
  emit: 'It publishes an event on the bus.',
}

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
    ...STEP_KINDS.flatMap((kind) => ofKind(kind, common)),
  ).trim()
}

const schemaOf = (kind: StepKind) => stepSchemaFor({ [kind]: {} })

function ofKind(kind: StepKind, common: readonly string[]): string[] {
  const fields = Object.entries(fieldsOf(schemaOf(kind)) ?? {}).filter(([name]) => !common.includes(name))
  const inner = fields.flatMap(([name, schema]) => {
    const members = fieldsOf(schema)
    return members === undefined ? [] : [`Members of ${code(name)}:`, fieldTable(members)]
  })
  return [`## ${TITLES[kind]}`, SAID[kind], fieldTable(Object.fromEntries(fields)), ...inner]
}
