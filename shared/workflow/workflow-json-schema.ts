/**
 * The workflow language as JSON Schema, for editors and other tools. It says what `parseStructure` accepts, as far as JSON Schema can say
 * it; test/property/workflow-schema.test.ts compares both.
 */
import * as z from 'zod'
import { ownWords } from '../domain/describe-schema.ts'
import { isJsonObject } from '../domain/json.ts'
import { KINDS } from './kinds/index.ts'
import {
  MARKED_KINDS,
  STEP_KINDS,
  StepIdSchema,
  type StepKind,
  stepSchemaFor,
  WorkflowHeadSchema,
  WorkflowSchema,
} from './schema.ts'

type JsonSchema = Record<string, unknown>

/** Draft 7, which every editor knows. */
export function workflowJsonSchema(): JsonSchema {
  const head = schemaOf(WorkflowHeadSchema)
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: 'Workflow of the orchestrator',
    description: 'Steps, what each of them gets, and what happens when one fails.',
    type: 'object',
    properties: {
      $schema: { type: 'string', description: 'The URL of this schema, for editors; ignored otherwise' },
      ...(head.properties as JsonSchema),
      steps: { $ref: '#/definitions/steps', description: WorkflowSchema.shape.steps.description },
    },
    patternProperties: EXTENSIONS,
    required: ['name', 'steps'],
    additionalProperties: false,
    definitions: {
      steps: {
        type: 'object',
        description: 'Steps by id',
        minProperties: 1,
        propertyNames: schemaOf(StepIdSchema),
        additionalProperties: { $ref: '#/definitions/step' },
      },
      // The kind of a step is that of the first marking field that it has, as for the parser.
      step: {
        type: 'object',
        description: 'A step: an agent runs it, unless it has one of the fields that make it another kind',
        ...MARKED_KINDS.reduceRight<JsonSchema>(
          (others, kind) => ({ if: { required: [kind] }, then: reference(kind), else: others }),
          { if: BY_AGENT, then: reference('agent'), else: undecided() },
        ),
      },
      ...Object.fromEntries(STEP_KINDS.map((kind) => [`${kind}Step`, stepOf(kind)])),
    },
  }
}

const EXTENSIONS = {
  '^x-': {
    description: 'Ignored by the orchestrator: for YAML anchors, and for other tools',
  },
}

const BY_AGENT = { anyOf: [{ required: ['capability'] }, { required: ['agent'] }] }

/** A step that has no kind yet, so that editors offer the fields of every kind. */
function undecided(): JsonSchema {
  const marks = MARKED_KINDS.map((kind) => {
    const { properties } = stepOf(kind)
    return [kind, { description: (properties as Record<string, JsonSchema>)[kind]?.description }]
  })
  const agent = stepOf('agent')
  return {
    ...agent,
    properties: { ...Object.fromEntries(marks), ...(agent.properties as JsonSchema) },
    ...BY_AGENT,
  }
}

const reference = (kind: StepKind): JsonSchema => ({ $ref: `#/definitions/${kind}Step` })

function stepOf(kind: StepKind): JsonSchema {
  const schema = schemaOf(stepSchemaFor({ [kind]: {} }))
  const properties = schema.properties as Record<string, JsonSchema>
  withSharedBody(properties)
  if (isJsonObject(properties.repeat?.properties))
    withSharedBody(properties.repeat.properties as typeof properties)
  const { title, description } = KINDS[kind]
  return { title, description, ...schema, properties, patternProperties: EXTENSIONS }
}

/** Refers to the one definition of steps, in place of a copy for each body. */
function withSharedBody(properties: Record<string, JsonSchema>): void {
  const { steps } = properties
  if (steps) properties.steps = { $ref: '#/definitions/steps', description: steps.description }
}

function schemaOf(schema: z.ZodType): JsonSchema {
  const {
    $schema: _dialect,
    definitions: _steps,
    ...own
  } = z.toJSONSchema(schema, {
    io: 'input',
    target: 'draft-7',
    unrepresentable: 'any',
    override: ({ zodSchema, jsonSchema }) => {
      const words = 'pattern' in jsonSchema ? ownWords(zodSchema as z.core.$ZodTypes) : undefined
      // Editors say this where a text does not match; validators ignore it.
      if (words !== undefined) Object.assign(jsonSchema, { patternErrorMessage: words })
    },
  }) as JsonSchema
  return own
}
