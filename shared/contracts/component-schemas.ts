import * as z from 'zod'
// Imported by name: `z.core` as a value would bundle every language that zod's messages support.
import { $ZodRegistry } from 'zod/v4/core'
import { CapabilitySchema } from '../domain/capability.ts'
import { EstimateSchema, KeptEstimateSchema } from '../domain/estimate.ts'
import { CheckSchema, EvaluationSchema, RatingSchema } from '../domain/evaluation.ts'
import { CauseSchema, FaultSchema } from '../domain/fault.ts'
import { FileReferenceSchema } from '../domain/file-reference.ts'
import { IssueSchema } from '../domain/issue.ts'
import { BindingSchema, DecisionSchema } from '../domain/plan.ts'
import { AttemptSchema } from '../domain/step.ts'
import { CalibrationSchema, CostSchema, TaskErrorSchema } from '../domain/task.ts'
import { STEP_KINDS, WorkflowSchema } from '../workflow/schema.ts'
import { StepSchema } from '../workflow/step-schemas.ts'
import { AgentViewSchema, CapabilityHealthSchema } from './agent-views.ts'
import { ApprovalViewSchema, OpenApprovalViewSchema } from './approval-views.ts'
import { BudgetViewSchema } from './budget-views.ts'
import { TaskFileLinkSchema, TaskFileViewSchema } from './file-views.ts'
import { LogLineViewSchema } from './log-views.ts'
import { LinksViewSchema } from './make-links.ts'
import { MissingModelViewSchema, ModelUseViewSchema, ModelViewSchema } from './model-views.ts'
import { withPortablePatterns } from './portable-pattern.ts'
import { ProblemSchema } from './problem-view.ts'
import { RatingViewSchema } from './ratings.ts'
import { AnyJsonSchema } from './requests.ts'
import {
  EventViewSchema,
  ItemCountsSchema,
  PlanViewSchema,
  ResultViewSchema,
  StepViewSchema,
  TaskStatusViewSchema,
  TaskViewSchema,
  TaskWithStepsViewSchema,
} from './views.ts'
import { WorkflowViewSchema } from './workflow-views.ts'

export type JsonSchema = Record<string, unknown>
type Io = 'input' | 'output'

/**
 * Schemas with a name in the document, and so in the code that clients generate from it. A name must not equal that of
 * another schema joined with one of its members (`TaskError`, if `Task` has an unnamed `error`): generators derive such
 * names.
 */
const NAMES = new Map<z.core.$ZodType, string>([
  [AnyJsonSchema, 'Json'],
  [FileReferenceSchema, 'FileReference'],
  [TaskFileViewSchema, 'TaskFile'],
  [TaskFileLinkSchema, 'TaskFileLink'],
  [IssueSchema, 'Issue'],
  [ProblemSchema, 'Problem'],
  [TaskViewSchema, 'Task'],
  [TaskWithStepsViewSchema, 'TaskWithSteps'],
  [TaskStatusViewSchema, 'TaskSummary'],
  [ResultViewSchema, 'TaskResult'],
  [TaskErrorSchema, 'TaskFailure'],
  [CostSchema, 'Cost'],
  [BudgetViewSchema, 'Budget'],
  [EstimateSchema, 'PlanEstimate'],
  [KeptEstimateSchema, 'Estimate'],
  [CalibrationSchema, 'Calibration'],
  [StepViewSchema, 'Step'],
  [AttemptSchema, 'Attempt'],
  [FaultSchema, 'Fault'],
  [CauseSchema, 'Cause'],
  [LogLineViewSchema, 'LogLine'],
  [DecisionSchema, 'Decision'],
  [BindingSchema, 'Binding'],
  [ItemCountsSchema, 'ItemCounts'],
  [ApprovalViewSchema, 'Approval'],
  [RatingViewSchema, 'RatedStep'],
  [CheckSchema, 'Check'],
  [EvaluationSchema, 'Evaluation'],
  [RatingSchema, 'Rating'],
  [OpenApprovalViewSchema, 'OpenApproval'],
  [AgentViewSchema, 'Agent'],
  [CapabilitySchema, 'Capability'],
  [CapabilityHealthSchema, 'CapabilityHealth'],
  [ModelViewSchema, 'Model'],
  [ModelUseViewSchema, 'ModelUse'],
  [MissingModelViewSchema, 'MissingModel'],
  [WorkflowViewSchema, 'Workflow'],
  [WorkflowSchema, 'WorkflowDefinition'],
  [StepSchema, 'StepDefinition'],
  ...StepSchema.options.map(
    (schema, at) => [schema, `${pascal(STEP_KINDS[at] ?? '')}StepDefinition`] as const,
  ),
  [PlanViewSchema, 'Plan'],
  [EventViewSchema, 'Event'],
  [LinksViewSchema, 'Links'],
])

function pascal(text: string): string {
  return `${text[0]?.toUpperCase() ?? ''}${text.slice(1)}`
}

/** A registry that takes descriptions from zod's global registry and ids from {@link NAMES}. */
class Named extends $ZodRegistry<{ id?: string | undefined }> {
  override get<S extends z.core.$ZodType>(schema: S) {
    const id = NAMES.get(schema)
    return { ...z.globalRegistry.get(schema), ...(id === undefined ? {} : { id }) }
  }
}
const NAMED = new Named()

/**
 * The schemas of an OpenAPI document. Zod puts named and recursive schemas into `$defs` of each schema and refers to them from its root;
 * an OpenAPI document has one root, so all of them are moved to `components.schemas`.
 */
export class ComponentSchemas {
  readonly #schemas = new Map<string, JsonSchema>()

  /** The JSON Schema of `schema`; an unnamed recursive schema is named after `owner`. */
  add(schema: z.ZodType, io: Io, owner: string): JsonSchema {
    const { $schema: _dialect, $defs = {}, ...root } = toJsonSchema(schema, io)
    const renamed = new Map<string, string>()
    const entries = Object.entries($defs as Record<string, JsonSchema>)
    for (const [name] of entries) renamed.set(name, nameOf(name, io, owner))
    if (refersToRoot(root)) throw new Error(`the schema of ${owner} refers to itself as a whole`)
    const moved = (value: unknown): unknown => withReferences(value, renamed)
    // Outputs are added first. A schema whose input differs from its output has two names.
    for (const [name, { id: _id, ...definition }] of io === 'input' ? entries : [])
      if (this.#differs(renamed.get(name) ?? name, moved(definition))) renamed.set(name, `${name}Input`)
    for (const [name, { id: _id, ...definition }] of entries)
      this.#put(renamed.get(name) ?? name, moved(definition) as JsonSchema)
    const { id: _id, ...rest } = root
    return moved(rest) as JsonSchema
  }

  /** The same as a reference to a schema of this name, unless it is one already. */
  name(name: string, schema: JsonSchema): JsonSchema {
    if (schema.$ref !== undefined) return schema
    this.#put(name, schema)
    return { $ref: `#/components/schemas/${name}` }
  }

  /** Sorted by name. */
  all(): Record<string, JsonSchema> {
    return Object.fromEntries([...this.#schemas].sort(([a], [b]) => (a < b ? -1 : 1)))
  }

  #differs(name: string, schema: unknown): boolean {
    const known = this.#schemas.get(name)
    return known !== undefined && JSON.stringify(known) !== JSON.stringify(schema)
  }

  #put(name: string, schema: JsonSchema): void {
    if (this.#differs(name, schema)) throw new Error(`two schemas are named ${name}`)
    this.#schemas.set(name, schema)
  }
}

function toJsonSchema(schema: z.ZodType, io: Io): JsonSchema {
  const json = z.toJSONSchema(schema, {
    io,
    unrepresentable: 'any',
    reused: 'inline',
    metadata: NAMED,
    override: ({ zodSchema, jsonSchema }) => {
      // "Any JSON" is expressed as the empty schema, without recursion.
      if (zodSchema === AnyJsonSchema) for (const key of Object.keys(jsonSchema)) delete jsonSchema[key]
    },
  })
  return withPortablePatterns(json as JsonSchema)
}

const OWN_NAME = /^__schema(\d+)$/

function nameOf(name: string, io: Io, owner: string): string {
  const unnamed = OWN_NAME.exec(name)
  const suffix = io === 'input' ? 'Input' : 'Output'
  return unnamed ? `${pascal(owner)}${suffix}${unnamed[1]}` : name
}

const refersToRoot = (value: unknown): boolean => JSON.stringify(value).includes('"$ref":"#"')

function withReferences(value: unknown, renamed: ReadonlyMap<string, string>): unknown {
  if (Array.isArray(value)) return value.map((member) => withReferences(member, renamed))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, member]) => {
      const name = key === '$ref' ? renamed.get(String(member).replace('#/$defs/', '')) : undefined
      return [key, name === undefined ? withReferences(member, renamed) : `#/components/schemas/${name}`]
    }),
  )
}
