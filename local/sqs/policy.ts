import * as z from 'zod'

const list = z.union([z.string().transform((one) => [one]), z.array(z.string())])
const conditions = z.record(z.string(), list)

/** A statement of a queue's policy, as far as services of AWS are concerned. */
export const QueueStatementSchema = z.object({
  Effect: z.enum(['Allow', 'Deny']),
  Principal: z.union([z.string(), z.object({ Service: list.default([]), AWS: list.default([]) })]),
  Action: list,
  Resource: list,
  Condition: z
    .strictObject(
      {
        ArnEquals: conditions.optional(),
        ArnLike: conditions.optional(),
        StringEquals: conditions.optional(),
        Bool: conditions.optional(),
      },
      'the local cloud evaluates ArnEquals, ArnLike, StringEquals and Bool only, of all conditions of queue policies',
    )
    .default({}),
})
export type QueueStatement = z.infer<typeof QueueStatementSchema>

type Asked = { service: string; account: string; sourceArn: string; queueArn: string }

/** Whether the policy lets a service of AWS send messages on behalf of one of its resources. */
export function lets(statements: readonly QueueStatement[], asked: Asked): boolean {
  const effects = statements.filter((one) => applies(one, asked)).map(({ Effect }) => Effect)
  return effects.includes('Allow') && !effects.includes('Deny')
}

function applies({ Principal, Action, Resource, Condition }: QueueStatement, asked: Asked): boolean {
  const principals = typeof Principal === 'string' ? [Principal] : [...Principal.Service, ...Principal.AWS]
  const values: Readonly<Record<string, string>> = {
    'aws:SourceArn': asked.sourceArn,
    'aws:SourceAccount': asked.account,
    // Nothing leaves the machine.
    'aws:SecureTransport': 'true',
  }
  return (
    [asked.service, '*'].some((one) => principals.includes(one)) &&
    Action.some((one) => ['sqs:sendmessage', 'sqs:*', '*'].includes(one.toLowerCase())) &&
    Resource.some((pattern) => isLike(pattern, asked.queueArn)) &&
    Object.values(Condition).every((keys) =>
      Object.entries(keys ?? {}).every(([key, wanted]) =>
        wanted.some((pattern) => isLike(pattern, values[key] ?? '')),
      ),
    )
  )
}

function isLike(pattern: string, value: string): boolean {
  const source = pattern
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.')
  return new RegExp(`^${source}$`).test(value)
}
