/** What a new task is of: a type, a workflow, or a goal in words. */
import type * as z from 'zod'
import { GoalFieldsSchema } from '../domain/goal.ts'

const { input: GoalInputSchema, ...OF_GOALS } = GoalFieldsSchema

/** Fields that only a task of a goal has. */
export const ofGoals = OF_GOALS

type Work = { type?: unknown; workflow?: unknown; goal?: unknown }
type WithInput = Work & { input?: unknown }
type Said = WithInput & { [Field in keyof typeof OF_GOALS]?: unknown }

const isOne = ({ type, workflow, goal }: Work): boolean =>
  [type, workflow, goal].filter((one) => one !== undefined).length === 1

const hasObject = ({ goal, input }: WithInput): boolean =>
  goal === undefined || GoalInputSchema.safeParse(input).success

const without =
  (field: keyof typeof OF_GOALS) =>
  (said: Said): boolean =>
    said.goal !== undefined || said[field] === undefined

const ofGoalAlone = (field: string) => ({
  message: `${field} is said of a goal, and this task has a type or a workflow`,
  path: [field],
})

/** Refuses a request that is of none of these, of several, or that says of one what is said of another. */
export const checkWork = <T extends z.ZodType<Said>>(schema: T): T =>
  schema
    .refine(isOne, {
      message: 'give one of "type", "workflow" (a name, YAML text, or a definition) and "goal" (words)',
    })
    .refine(hasObject, {
      message: 'the input of a goal is an object, whose members the plan reads by their names',
      path: ['input'],
    })
    .refine(without('files'), ofGoalAlone('files'))
    .refine(without('review'), ofGoalAlone('review'))
    .refine(without('reviewAboveUsd'), ofGoalAlone('reviewAboveUsd'))

/** The same as JSON Schema, written without `oneOf`, which client generators turn into a union of nameless types. */
export const WORK_RULE = {
  if: { required: ['type'] },
  then: { not: { anyOf: [{ required: ['workflow'] }, { required: ['goal'] }] } },
  else: {
    if: { required: ['workflow'] },
    then: { not: { required: ['goal'] } },
    else: { required: ['goal'] },
  },
  dependentRequired: Object.fromEntries(Object.keys(OF_GOALS).map((field) => [field, ['goal']])),
}
