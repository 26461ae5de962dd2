import * as z from 'zod'
import { TYPES_OF_TASKS } from '../domain/event.ts'
import { STEP_STATUSES } from '../domain/step.ts'
import { TASK_STATUSES } from '../domain/task.ts'
import { StepIdSchema, TaskIdSchema, TimeSchema } from './requests.ts'

/** A query string has only text; `1e1` and `0x10` are refused as numbers. */
const numberOfDigits = (value: unknown): unknown =>
  typeof value === 'string' && /^\d{1,9}$/.test(value) ? Number(value) : value

const booleanOfText = (value: unknown): unknown =>
  value === 'true' || value === 'false' ? value === 'true' : value

/** A whole number in a query string. */
export const wholeNumber = (least: number, most: number) =>
  z.preprocess(numberOfDigits, z.number().int().min(least).max(most))

export const flag = () => z.preprocess(booleanOfText, z.boolean())

const RIGHT_CURSOR = 'not a cursor; take the one that the last page gave'
export const cursorOf = (form: RegExp) => z.string().max(500).regex(form, RIGHT_CURSOR).optional()

/** `name=value` pairs separated by commas; a backslash escapes a comma, an equals sign or a backslash. */
const PAIRS = /^([^=,\\]|\\[\s\S])+=([^,\\]|\\[\s\S])*(,([^=,\\]|\\[\s\S])+=([^,\\]|\\[\s\S])*)*$/u

const MetadataFilterSchema = z
  .string()
  .max(2_000)
  .regex(
    PAIRS,
    'it is written name=value, several with commas between them; \\ goes before a comma of a value',
  )
  .transform(pairsIn)
  .describe('Only tasks with this metadata: name=value, several with commas between them')

function pairsIn(text: string): [name: string, value: string][] {
  return [...text.matchAll(/((?:[^=,\\]|\\[\s\S])+)=((?:[^,\\]|\\[\s\S])*)(?:,|$)/gu)].map(
    ([, name = '', value = '']) => [plain(name), plain(value)],
  )
}

const plain = (text: string): string => text.replace(/\\([\s\S])/gu, '$1')

export const ListTasksSchema = z.strictObject({
  status: z
    .enum(TASK_STATUSES)
    .optional()
    .describe('`waiting`: one of its steps waits for a person or for time, whatever its other steps do'),
  workflow: z.string().min(1).max(64).optional().describe('Only tasks of this workflow'),
  version: wholeNumber(1, 999_999_999).optional().describe('Only tasks of this version of their workflow'),
  type: z.string().min(1).max(64).optional().describe('Only tasks of this type'),
  from: TimeSchema.optional().describe('Only tasks created at this time or later'),
  to: TimeSchema.optional().describe('Only tasks created before this time'),
  metadata: MetadataFilterSchema.optional(),
  id: z
    .string()
    .regex(/^t_[0-9a-z]{0,26}$/, 'it is the beginning of a task id: t_ and at most 26 characters')
    .optional()
    .describe('Only tasks whose id begins so'),
  parent: TaskIdSchema.optional().describe('Only the tasks that run steps of this one'),
  children: flag()
    .optional()
    .describe(
      'Whether tasks that run a step of another one are listed too; by default only among those that are waiting',
    ),
  limit: wholeNumber(1, 100).default(20),
  cursor: cursorOf(/^\d{4}-\d{2}-\d{2}T[\d:.]+Z#t_[0-9a-z]+$/),
})

export const ListApprovalsSchema = z.strictObject({
  approver: z
    .string()
    .min(1)
    .max(200)
    .optional()
    .describe(
      'Only approvals that somebody of this name may decide; which scopes he holds is not known, so that none is his by a scope',
    ),
  mine: flag().optional().describe('Only approvals that the caller may decide'),
  workflow: z.string().min(1).max(64).optional().describe('Only approvals in tasks of this workflow'),
  limit: wholeNumber(1, 100).default(20),
  cursor: cursorOf(/^\d{4}-\d{2}-\d{2}T[\d:.]+Z#t_[0-9a-z]+#[^#]+$/),
})

export const ListStepsSchema = z.strictObject({
  id: TaskIdSchema,
  status: z.enum(STEP_STATUSES).optional(),
  under: StepIdSchema.optional().describe(
    'Only the items of this fan-out, or the rounds of this loop, and what is in them',
  ),
  inputs: flag().default(false).describe('With the input of each step of which one is kept'),
  outputs: flag().default(false).describe('With the output of each step that has one'),
  limit: wholeNumber(1, 1_000).default(1_000),
  cursor: cursorOf(/^[^\s]+$/),
})

/** Where a line stands: its time and its id; also with the seconds that are searched from there on. */
const LINE_CURSOR = /^\d{4}-\d{2}-\d{2}T[\d:.]+Z#(?:[\w-]{1,200}|[\w-]{0,200}~[1-9]\d{0,8})$/

export const ListLogsSchema = z
  .strictObject({
    id: TaskIdSchema,
    step: StepIdSchema.optional().describe(
      'Only of this step; of a fan-out, a loop, or one item or round also what is in it',
    ),
    since: TimeSchema.optional().describe('Only lines that were written then or later'),
    after: cursorOf(LINE_CURSOR).describe(
      'Only lines after this one: `after` of the last answer, to see what is written from then on. CloudWatch may have a line only seconds after later ones: to miss none, ask with `since`, 15 s before the last line, and leave out the ids that are known',
    ),
    limit: wholeNumber(1, 1_000).default(200),
    cursor: cursorOf(LINE_CURSOR),
  })
  .refine(
    ({ after, cursor }) => after === undefined || cursor === undefined,
    'give one of "after" and "cursor"',
  )

export const ListEventsSchema = z.strictObject({
  id: TaskIdSchema,
  type: z.enum(TYPES_OF_TASKS).optional(),
  step: StepIdSchema.optional().describe('Only of this step'),
  limit: wholeNumber(1, 1_000).default(1_000),
  cursor: cursorOf(/^\d{4}-[\d-]+T[\d:.]+Z#[^\s]+$/),
})

const FILE_ID = /^f_[0-9a-z]{26}$/

export const ListFilesSchema = z.strictObject({
  id: TaskIdSchema,
  step: StepIdSchema.optional().describe('Only what this step has written'),
  name: z.string().min(1).max(400).optional().describe('Only files of this name'),
  all: flag()
    .default(false)
    .describe('With those of attempts that have failed, which are no results of the task'),
  limit: wholeNumber(1, 1_000).default(100),
  cursor: cursorOf(FILE_ID),
})

/** A task whose reader goes on watching it. */
export const WatchedTaskSchema = z.strictObject({
  id: TaskIdSchema,
  watch: flag()
    .optional()
    .describe(
      'The reader goes on watching it: for half a minute its running steps show what their models say (`said`)',
    ),
})

export const ListTranscriptSchema = z.strictObject({
  id: TaskIdSchema,
  stepId: StepIdSchema,
  limit: wholeNumber(1, 20).default(10),
  cursor: cursorOf(/^[\d.]+#\d{4}$/),
})

export const FileRefSchema = z.strictObject({
  id: TaskIdSchema,
  fileId: z.string().regex(FILE_ID, 'a file id is f_ and 26 characters'),
})

export const ListUploadsSchema = z.strictObject({
  limit: wholeNumber(1, 100).default(100),
  cursor: z.string().max(1_024).optional().describe('Go on after this file: `cursor` of the page before'),
})
