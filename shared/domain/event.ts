import * as z from 'zod'
import { NOT_BY } from './approval.ts'
import { StateWriterSchema } from './state/shared-state.ts'
import { CalibrationSchema } from './task.ts'

export const EVENT_SOURCE = 'orchestrator'

/** Whose task it is; events of earlier releases have none. */
const tenant = z.string().optional().describe('The tenant of the task')
const taskData = z.object({
  taskId: z.string(),
  tenant,
  workflow: z.string(),
  status: z.string(),
  durationMs: z.number().optional(),
  calibration: CalibrationSchema.optional(),
})
const stepData = z.object({
  taskId: z.string(),
  tenant,
  path: z.string(),
  agentId: z.string().optional(),
  attempt: z.number().int().optional(),
  judgeOf: z
    .string()
    .optional()
    .describe(
      'The agent whose output it was to judge: no try of the step has failed, but a call of its judge',
    ),
  reason: z.string().optional().describe('Why the step has another agent than before, where it has'),
  durationMs: z.number().optional(),
  error: z.object({ name: z.string(), message: z.string() }).optional(),
})

/** The agent of a step has ended its turn, and is called again: `number` counts the suspensions of a step in one execution of its task. */
const suspensionData = z.object({
  taskId: z.string(),
  tenant,
  path: z.string(),
  agentId: z.string(),
  number: z.number().int(),
})

/** Every event that is published. An incompatible change of its data gets a new version beside the old one. */
export const EVENT_DATA = {
  'task.submitted': taskData,
  'task.retried': taskData,
  'task.succeeded': taskData,
  'task.failed': taskData,
  'task.cancelled': taskData,
  'task.timed_out': taskData,
  'step.started': stepData,
  'step.attempt_failed': stepData,
  'step.suspended': suspensionData.extend({
    until: z.string().describe('What it waits for: time, callback or message'),
    endsAt: z.string().describe('When the wait is over, whatever has happened'),
  }),
  'step.resumed': suspensionData.extend({
    by: z.string().describe('What has ended the wait: time, callback, message or timeout'),
    waitedMs: z.number().describe('How long this wait was'),
  }),
  'step.succeeded': stepData,
  'step.failed': stepData,
  'step.skipped': stepData,
  'approval.requested': z.object({
    taskId: z.string(),
    tenant,
    path: z.string(),
    prompt: z.string(),
    choices: z.array(z.string()),
    approvers: z.array(z.string()).optional(),
    notBy: z.enum(NOT_BY).optional(),
    editable: z.boolean().optional(),
    expiresAt: z.string(),
  }),
  /** A message was given up: its recipient has failed too often with it, or takes none of its kind. */
  'message.set_aside': z.object({
    taskId: z.string(),
    tenant,
    messageId: z.string(),
    from: z.string(),
    to: z.string(),
    type: z.string(),
    error: z.object({ name: z.string(), message: z.string() }),
  }),
  /** A tenant has as much as its quota allows in a period, and more was refused. */
  'tenant.quota_reached': z.object({
    tenant: z.string(),
    quota: z.enum(['tasksPerDay', 'usdPerMonth']),
    period: z.string().describe('The day or the month, UTC'),
    limit: z.number(),
  }),
  /** A key of the shared state has a new version; its value is read from the task. */
  'state.changed': z.object({
    taskId: z.string(),
    tenant,
    key: z.string(),
    version: z.number().int(),
    by: StateWriterSchema.describe('The step, the person, or the task that it was copied from'),
    removed: z.boolean().optional().describe('Whether the version has no value'),
    restored: z.number().int().optional().describe('The earlier version whose value it has'),
  }),
  /** What a step that has succeeded should have written, and could not: another write made it unfit. */
  'state.refused': z.object({
    taskId: z.string(),
    tenant,
    key: z.string(),
    by: StateWriterSchema,
    error: z.object({ name: z.string(), message: z.string() }),
  }),
  /** An event of an `emit` step: the workflow chooses `type` and `data`. */
  custom: z.object({ taskId: z.string(), tenant, path: z.string(), type: z.string(), data: z.json() }),
} as const

export type EventType = keyof typeof EVENT_DATA
export const EVENT_TYPES = Object.keys(EVENT_DATA) as [EventType, ...EventType[]]
/** Those in the list of a task's events. Those of its shared state are in the history of each key. */
export const TYPES_OF_TASKS = EVENT_TYPES.filter((type) => !/^(?:tenant|state)\./.test(type)) as [
  EventType,
  ...EventType[],
]

/** The type of an event that a workflow emits. */
export const EVENT_TYPE = /^[A-Za-z0-9][\w.-]{0,99}$/
export const RIGHT_EVENT_TYPE =
  'the type of an event is letters, digits, . _ and -, at most 100, such as report.ready'

/** A CloudEvents 1.0 envelope. `id` is derived from the fact, so an event that is published twice has one id. */
export const DomainEventSchema = z.object({
  specversion: z.literal('1.0'),
  id: z.string(),
  source: z.literal(EVENT_SOURCE),
  type: z.enum(EVENT_TYPES),
  subject: z.string().describe('The task id; of events of a tenant `tenant/<name>`'),
  time: z.iso.datetime(),
  dataschema: z.string().describe('orchestrator:<type>:v<n>'),
  data: z.record(z.string(), z.unknown()),
})
export type DomainEvent = z.infer<typeof DomainEventSchema>

/** The task that an event is about. */
export type EventOf = { taskId: string; tenant: string }

type Reached = z.infer<(typeof EVENT_DATA)['tenant.quota_reached']>

/** Its id is the same however often it is published for a period. */
export function quotaReachedEvent(data: Reached, time: Date): DomainEvent {
  const type = 'tenant.quota_reached'
  const subject = `tenant/${data.tenant}`
  return {
    specversion: '1.0',
    id: [subject, data.quota, data.period, type].join('/'),
    source: EVENT_SOURCE,
    type,
    subject,
    time: time.toISOString(),
    dataschema: `orchestrator:${type}:v1`,
    data: EVENT_DATA[type].parse(data),
  }
}

type EventFacts = {
  of: EventOf
  type: EventType
  key: string
  time: string
  data: Record<string, unknown>
}

export function makeEvent({ of: { taskId, tenant }, type, key, time, data }: EventFacts): DomainEvent {
  return {
    specversion: '1.0',
    id: [taskId, key, type].filter(Boolean).join('/'),
    source: EVENT_SOURCE,
    type,
    subject: taskId,
    time,
    dataschema: `orchestrator:${type}:v1`,
    data: EVENT_DATA[type].parse({ ...data, taskId, tenant }),
  }
}
