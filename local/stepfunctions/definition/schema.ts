import * as z from 'zod'

const name = z.string().min(1)
const isQuery = (text: string): boolean => text.startsWith('{%') && text.endsWith('%}')
const query = z.string().refine(isQuery, 'must be a value or a query between {% and %}')
/** A number, or an expression that evaluates to one. */
const seconds = z.union([z.number().int().positive(), query])
const assign = z.record(z.string(), z.unknown()).optional()
const errorEquals = z.array(z.string()).min(1, 'must name at least one error').optional()

const RetrierSchema = z.looseObject({
  ErrorEquals: errorEquals,
  IntervalSeconds: z.number().int().positive().optional(),
  MaxAttempts: z.number().int().min(0).max(99_999_999).optional(),
  BackoffRate: z.number().min(1).optional(),
  MaxDelaySeconds: z.number().int().positive().optional(),
  JitterStrategy: z.enum(['FULL', 'NONE']).optional(),
})
const CatcherSchema = z.looseObject({ ErrorEquals: errorEquals, Next: name, Assign: assign })
const ChoiceSchema = z.looseObject({ Condition: z.union([z.boolean(), query]), Next: name, Assign: assign })

const StateSchema = z.looseObject({
  Type: z.string(),
  Next: name.optional(),
  End: z.boolean().optional(),
  Assign: assign,
  Retry: z.array(RetrierSchema).optional(),
  Catch: z.array(CatcherSchema).optional(),
  Choices: z.array(ChoiceSchema).optional(),
  Default: name.optional(),
  Resource: z.string().optional(),
  Credentials: z.record(z.string(), z.unknown()).optional(),
  TimeoutSeconds: seconds.optional(),
  HeartbeatSeconds: seconds.optional(),
  Seconds: z.union([z.number().min(0), query]).optional(),
  Timestamp: z.string().optional(),
  MaxConcurrency: z.union([z.number().int().min(0), query]).optional(),
  ToleratedFailureCount: z.union([z.number().int().min(0), query]).optional(),
  ToleratedFailurePercentage: z.union([z.number().min(0).max(100), query]).optional(),
  Label: z.string().max(40).optional(),
  Error: z.string().optional(),
  Cause: z.string().optional(),
  get Branches() {
    return z.array(FlowSchema).optional()
  },
  get ItemProcessor() {
    return FlowSchema.extend({
      ProcessorConfig: z
        .looseObject({ Mode: z.string().optional(), ExecutionType: z.string().optional() })
        .optional(),
    }).optional()
  },
})

/** Missing fields get more precise messages in definition-problems.ts. */
const FlowSchema = z.looseObject({
  StartAt: z.string().optional(),
  get States() {
    return z.record(z.string(), StateSchema).optional()
  },
})

/** The shape of a definition: types and ranges of its fields, without cross-field rules. */
export const DefinitionSchema = FlowSchema.extend({
  QueryLanguage: z.string().optional(),
  TimeoutSeconds: z.number().int().positive().optional(),
})
