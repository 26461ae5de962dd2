import * as z from 'zod'
import { SubmitTaskSchema } from '../../shared/contracts/requests.ts'
import type { Issue } from '../../shared/domain/issue.ts'
import { parseTime, RIGHT_TIME } from '../../shared/domain/times.ts'
import type { WorkflowTest } from '../workflow-test.ts'
import { issuesOfAgents } from './agents.ts'
import { issuesOfApprovals } from './approvals.ts'
import {
  isPlain,
  issuesAt,
  issuesOfJson,
  notRight,
  refuse,
  type ShapeOf,
  VirtualSeconds,
  wrong,
} from './check.ts'
import { issuesOfFiles } from './files.ts'
import { issuesOfModels } from './models.ts'

const { metadata, budgetUsd, budgetTokens, deadline, deadlineSeconds, lenient, prefer, priority } =
  SubmitTaskSchema.shape

const TestSchema = z.strictObject({
  agents: z.unknown().optional(),
  approvals: z.unknown().optional(),
  files: z.unknown().optional(),
  models: z.unknown().optional(),
  secrets: z.record(z.string(), z.string().min(1)).optional(),
  now: z.unknown().optional(),
  // Checked separately (as JSON), for a better message.
  input: z.unknown().optional(),
  workflows: z.array(z.unknown()).optional(),
  seed: z.string().optional(),
  cancel: z
    .strictObject({
      afterSeconds: VirtualSeconds,
      reason: z.string().max(500).optional(),
    } satisfies ShapeOf<NonNullable<WorkflowTest['cancel']>>)
    .optional(),
  metadata,
  budgetUsd,
  budgetTokens,
  deadline,
  deadlineSeconds,
  lenient,
  prefer,
  priority,
} satisfies ShapeOf<WorkflowTest>)

/** Throws a TypeError that lists the problems of a workflow test's options that can be found without the workflow. */
export function requireWorkflowTest(workflow: unknown, test: unknown): void {
  refuse(issuesOfGiven('the workflow', workflow), 'testWorkflow')
  if (!isPlain(test)) return refuse([notRight('the test', test, 'an object of options')], 'testWorkflow')
  const workflows: unknown[] = Array.isArray(test.workflows) ? test.workflows : []
  refuse(
    [
      ...issuesAt('', TestSchema, test, 'the test'),
      ...workflows.flatMap((given, at) => issuesOfGiven(`workflows[${at}]`, given)),
      ...issuesOfAgents(test.agents),
      ...issuesOfApprovals(test.approvals),
      ...issuesOfFiles(test.files),
      ...issuesOfModels(test.models),
      ...issuesOfJson('input', test.input),
      ...issuesOfNow(test.now),
    ],
    'testWorkflow',
  )
}

const A_PATH = /\.(ya?ml|json)$/i

/** The problems of a workflow before it is parsed: the usual mistake is to pass its path or its name. */
function issuesOfGiven(what: string, given: unknown): Issue[] {
  if (isPlain(given)) return []
  if (typeof given !== 'string' || given.trim() === '')
    return [notRight(what, given, 'the text of a workflow (YAML or JSON), or the same as an object')]
  if (given.includes('\n') || /[{\s]/.test(given)) return []
  const shown = JSON.stringify(given)
  if (A_PATH.test(given))
    return [
      wrong(
        '',
        `${what} is ${shown}, a path; give its text: readFileSync(new URL(${shown}, import.meta.url), 'utf8')`,
      ),
    ]
  return [wrong('', `${what} is ${shown}, a name; give its text, or the same as an object`)]
}

function issuesOfNow(now: unknown): Issue[] {
  const isTime = now instanceof Date ? now.getTime() >= 0 : parseTime(now) !== undefined
  if (now === undefined || isTime) return []
  const value = now instanceof Date ? `a Date of ${now.getTime()} ms` : JSON.stringify(now)
  return [wrong('', `now is ${value}; it must be a Date or a text: ${RIGHT_TIME}`)]
}
