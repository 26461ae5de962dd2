import * as z from 'zod'
import { SubmitTaskSchema } from '../../shared/contracts/requests.ts'
import { AgentLimitsSchema } from '../../shared/domain/agent.ts'
import { nearestNames, suggestNames } from '../../shared/domain/nearest-names.ts'
import { StateKeySchema } from '../../shared/domain/state/shared-state.ts'
import { WorkflowNameSchema } from '../../shared/workflow/schema.ts'
import type { AgentTest } from '../agent-test.ts'
import { issuesOfAgent } from './agents.ts'
import {
  isPlain,
  issuesAt,
  issuesOfJson,
  issuesOfMembers,
  notRight,
  placeIn,
  refuse,
  type ShapeOf,
  wrong,
} from './check.ts'
import { issuesOfFiles } from './files.ts'
import { issuesOfModels } from './models.ts'

/** More attempts than a step's `retry` allows; the earlier attempts of a test are run as well. */
const MOST_ATTEMPTS = 100
const MOST_SECONDS = AgentLimitsSchema.shape.timeoutSeconds.unwrap().maxValue ?? 840

const hosts = z.array(z.string())
const SettingsSchema = z.strictObject({
  allowedHosts: hosts.optional(),
  email: z.strictObject({ from: z.string(), to: hosts }).optional(),
})

const TestSchema = z.strictObject({
  capability: z.string().optional(),
  // Checked separately (as JSON), for a better message.
  input: z.unknown().optional(),
  files: z.unknown().optional(),
  models: z.unknown().optional(),
  state: z.record(StateKeySchema, z.unknown()).optional(),
  settings: SettingsSchema.optional(),
  secrets: z.record(z.string(), z.string().min(1)).optional(),
  attempt: z.number().int().min(1).max(MOST_ATTEMPTS).optional(),
  after: z.unknown().optional(),
  once: z.unknown().optional(),
  crashAfter: z.string().optional(),
  timeoutSeconds: z.number().positive().max(MOST_SECONDS).optional(),
  signal: z.instanceof(AbortSignal, { error: 'it must be an AbortSignal' }).optional(),
  task: z
    .strictObject({
      type: WorkflowNameSchema.optional(),
      metadata: SubmitTaskSchema.shape.metadata,
    } satisfies ShapeOf<NonNullable<AgentTest['task']>>)
    .optional(),
} satisfies ShapeOf<AgentTest>)

/** Throws a TypeError that lists what is wrong with a test of an agent; `isRun` knows the runs that testAgent returned. */
export function requireAgentTest(agent: unknown, test: unknown, isRun: (run: object) => boolean): void {
  refuse(issuesOfAgent('the agent', agent), 'testAgent')
  if (!isPlain(test)) return refuse([notRight('the test', test, 'an object of options')], 'testAgent')
  refuse(
    [
      ...issuesAt('', TestSchema, test, 'the test'),
      ...issuesOfJson('input', test.input, "an agent's input is JSON: "),
      ...issuesOfFiles(test.files),
      ...issuesOfModels(test.models),
      ...issuesOfAfter(test.after, isRun),
      ...issuesOfOnce(test.once),
      ...issuesOfState(test.state),
    ],
    'testAgent',
  )
}

function issuesOfAfter(after: unknown, isRun: (run: object) => boolean) {
  if (after === undefined || (typeof after === 'object' && after !== null && isRun(after))) return []
  return [notRight('after', after, 'the run that testAgent returned, not a copy of it')]
}

const issuesOfState = (state: unknown) =>
  isPlain(state)
    ? issuesOfMembers('state', state, (place, value) =>
        issuesOfJson(place, value, 'what is shared is JSON: '),
      )
    : []

const issuesOfOnce = (once: unknown) =>
  once === undefined
    ? []
    : issuesOfMembers('once', once, (place, result) =>
        result === undefined
          ? [notRight(place, result, 'the result of an effect')]
          : issuesOfJson(place, result, 'the result of an effect is JSON: '),
      )

type Asked = { once: Readonly<Record<string, unknown>>; crashAfter: string | undefined }
type Performed = Readonly<Record<string, { performed: number }>>

/** Throws a TypeError if the agent never performs an effect that the test names: probably its key is misspelt. */
export function requireEffects({ once, crashAfter }: Asked, performed: Performed, failure: unknown): void {
  const keys = Object.keys(performed)
  const issues = Object.keys(once)
    .filter((key) => !keys.includes(key) && nearestNames(key, keys).length > 0)
    .map((key) =>
      wrong(placeIn('once', key), `the agent has performed no such effect${suggestNames(key, keys)}`),
    )
  if (crashAfter !== undefined && !isCrash(failure)) {
    const isDone = keys.includes(crashAfter)
    const why = isDone
      ? `the effect "${crashAfter}" is done already, by the run in "after" or by "once"`
      : `the agent has performed no effect "${crashAfter}"${suggestNames(crashAfter, keys)}`
    issues.push(wrong('crashAfter', failure && !isDone ? `${why}; it ended with ${String(failure)}` : why))
  }
  refuse(issues, 'testAgent')
}

/** The error of a crash that the test simulates. */
export const CRASH = 'Runtime.ExitError'
const isCrash = (failure: unknown): boolean => failure instanceof Error && failure.name === CRASH
