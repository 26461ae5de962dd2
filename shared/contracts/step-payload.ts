import { z } from 'zod'

/** `EnteredTime#RedriveCount#RetryCount`, as the compiled state sends it; an emulator may know no counts. */
const FencePartsSchema = z.string().regex(/^[^#]+#\d*#\d*$/)

/** What Step Functions hands to a step's Lambda. Data never travels with it. */
export const StepPayloadSchema = z.object({
  taskId: z.string(),
  path: z.string(),
  agentId: z.string(),
  fence: FencePartsSchema,
})

export const RebindPayloadSchema = z.object({
  taskId: z.string(),
  path: z.string(),
  fence: FencePartsSchema,
  error: z.object({ Error: z.string(), Cause: z.string().default('') }),
})
export type RebindPayload = z.infer<typeof RebindPayloadSchema>

/** `rebound`: try this agent after a while; `settled`: go on without. Read by the `again?` state. */
export type RebindAnswer =
  | { rebound: { functionArn: string; agentId: string; waitSeconds: number } }
  | { settled: 'succeeded' | 'failed' }

/**
 * One fixed-width text that sorts as the attempts happened: a redrive beats everything before it, then the time
 * the state was entered, then the retry.
 */
export function sortableFence(parts: string): string {
  const [enteredTime = '', redrives = '', retries = ''] = parts.split('#')
  const entered = String(Date.parse(enteredTime)).padStart(15, '0')
  return `${redrives.padStart(4, '0')}.${entered}.${retries.padStart(4, '0')}`
}

/** Whether two sortable fences are of one entry of one state: tries of the same call. */
export function isSameEntry(one: string, other: string): boolean {
  const entry = (fence: string): string => fence.replace(/\.\d+$/, '')
  return entry(one) === entry(other)
}
