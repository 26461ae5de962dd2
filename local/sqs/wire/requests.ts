import * as z from 'zod'
import { invalidValue, missingParameter } from '../queue/errors.ts'

const text = z.string()
/** A group, or an id of deduplication: letters, digits and punctuation. */
const id = z.string().regex(/^[!-~]{1,128}$/, 'It has 1 to 128 letters, digits and punctuation')
const between = (least: number, most: number) =>
  z
    .int(`Must be an integer from ${least} to ${most}, if provided`)
    .min(least, `Must be between ${least} and ${most}, if provided`)
    .max(most, `Must be between ${least} and ${most}, if provided`)
const AttributesSchema = z.record(
  z.string(),
  z.object({ DataType: text.optional(), StringValue: text.optional(), BinaryValue: text.optional() }),
)

const draft = {
  MessageBody: text,
  DelaySeconds: between(0, 900).optional(),
  MessageAttributes: AttributesSchema.default({}),
  MessageSystemAttributes: AttributesSchema.default({}),
  MessageDeduplicationId: id.optional(),
  MessageGroupId: id.optional(),
}
export const DraftSchema = z.object(draft)
export type DraftInput = z.infer<typeof DraftSchema>

const visibility = between(0, 43_200)
/** Each entry is read by itself: one that is wrong fails alone. */
export const BatchSchema = z.object({ Entries: z.array(z.looseObject({ Id: text })) })
export const HandleSchema = z.object({ ReceiptHandle: text })
export const VisibilitySchema = z.object({ ReceiptHandle: text, VisibilityTimeout: visibility })
export const ReceiveSchema = z.object({
  MaxNumberOfMessages: between(1, 10).default(1),
  VisibilityTimeout: visibility.optional(),
  WaitTimeSeconds: between(0, 20).optional(),
  AttributeNames: z.array(text).default([]),
  MessageSystemAttributeNames: z.array(text).default([]),
  MessageAttributeNames: z.array(text).default([]),
})
export const AttributeNamesSchema = z.object({ AttributeNames: z.array(text).default([]) })
export const SetAttributesSchema = z.object({ Attributes: z.record(text, text) })
export const CreateSchema = z.object({ QueueName: text, Attributes: z.record(text, text).default({}) })
export const NameSchema = z.object({ QueueName: text })
export const UrlSchema = z.object({ QueueUrl: text })
export const ListSchema = z.object({
  QueueNamePrefix: text.default(''),
  MaxResults: between(1, 1000).optional(),
  NextToken: text.optional(),
})
export const MoveSchema = z.object({
  SourceArn: text,
  DestinationArn: text.optional(),
  MaxNumberOfMessagesPerSecond: between(1, 500).optional(),
})
export const MovesSchema = z.object({ SourceArn: text, MaxResults: between(1, 10).default(1) })
export const TaskSchema = z.object({ TaskHandle: text })

/** The input of an operation. Throws for the first parameter that is missing or wrong, by SQS's error names. */
export function read<T>(schema: z.ZodType<T>, input: unknown): T {
  const parsed = schema.safeParse(input)
  if (parsed.success) return parsed.data
  const [{ path, message }] = parsed.error.issues as [z.core.$ZodIssue]
  const value = path.reduce<unknown>(
    (at, key) => (at as Record<PropertyKey, unknown> | undefined)?.[key],
    input,
  )
  const name = path.join('.')
  if (value === undefined) throw missingParameter(name)
  throw invalidValue(name, JSON.stringify(value), `${message}.`)
}
