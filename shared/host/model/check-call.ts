/** The shape of an author's call: agents are bundled without a check of types, so that a slip is seen here first. */
import * as z from 'zod'
import { isZod4 } from '../../agent/given-schema.ts'
import { describeIssues } from '../../domain/issue.ts'
import { issuesOfZod } from '../../domain/issues-of-zod.ts'

const isFunction = (value: unknown): boolean => typeof value === 'function'
const Callable = z.custom<unknown>(isFunction, 'it must be a function')

// A tool may be an object of its author's, with members of its own.
const ToolSchema = z.looseObject({
  name: z.string().min(1),
  description: z.string(),
  // Both are checked where they are read: a schema by its library, `run` where tools are run.
  schema: z.unknown().optional(),
  run: Callable.optional(),
  find: Callable.optional(),
  mostSeconds: z.number().positive().optional(),
})
const RunToolSchema = ToolSchema.extend({ run: Callable })

const Answer = z
  .custom<unknown>((value) => !isZod4(value), "it is a schema; it must be { name: '...', schema }")
  .pipe(z.strictObject({ name: z.string().min(1), schema: z.unknown().optional() }))

const Message = z.looseObject({
  role: z.enum(['user', 'assistant']),
  parts: z.array(z.looseObject({ kind: z.enum(['text', 'tool-call', 'tool-result', 'opaque']) })),
})

const COMMON = {
  prompt: z.string().optional(),
  messages: z.array(Message).optional(),
  model: z.string().optional(),
  system: z.union([z.string(), z.array(z.string())]).optional(),
  // Its own message says why it is mandatory.
  maxOutputTokens: z.unknown().optional(),
  answer: Answer.optional(),
  cacheAfter: z.enum(['tools', 'system', 'messages']).optional(),
  onText: Callable.optional(),
}
const CallSchema = z.strictObject({
  ...COMMON,
  tools: z.array(ToolSchema).optional(),
  grows: z.boolean().optional(),
})
const LoopSchema = z.strictObject({
  ...COMMON,
  tools: z.array(RunToolSchema),
  maxTurns: z.unknown().optional(),
  key: z.unknown().optional(),
})

/** Throws TypeError with every place of a call of `generate` that is not as it must be. */
export const requireCall = (call: unknown): void => requireShape(CallSchema, call, 'generate')

/** The same for a call of `runTools`. */
export const requireLoop = (loop: unknown): void => requireShape(LoopSchema, loop, 'runTools')

function requireShape(schema: z.ZodType, value: unknown, method: string): void {
  const parsed = schema.safeParse(value)
  if (!parsed.success)
    throw new TypeError(
      `context.model.${method}: ${describeIssues(issuesOfZod(parsed.error, { schema, value, what: 'the call' }))}`,
    )
  const { tools = [] } = parsed.data as { tools?: { name: string }[] }
  const names = tools.map(({ name }) => name)
  const again = names.findIndex((name, at) => names.indexOf(name) < at)
  if (again >= 0)
    throw new TypeError(
      `context.model.${method}: tools[${again}].name is "${names[again]}", as that of tools[${names.indexOf(names[again] ?? '')}] is; each must be another`,
    )
}
