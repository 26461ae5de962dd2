/** Random callers, routes and resources of three tenants, against ten lines that say who may what. */
import type { APIGatewayProxyEventV2 } from 'aws-lambda'
import { beforeAll, expect, it } from 'vitest'
import { makeHandlers } from '../../functions/api/handlers.ts'
import { ROUTES, type RouteId } from '../../shared/contracts/routes.ts'
import { hostedName } from '../../shared/domain/agent-function.ts'
import { mayDo, SCOPES, type Scope } from '../../shared/domain/caller.ts'
import { isOrchestratorError } from '../../shared/domain/errors.ts'
import { seededRandom } from '../../shared/domain/random.ts'
import { validateWorkflow } from '../../shared/workflow/validate-workflow.ts'
import { memoryPorts, type Outside } from '../../testing/memory/ports.ts'
import { makeAgent } from '../support/agents/make-agent.ts'

const TRIPLES = Number(process.env.ORCHESTRATOR_TRIPLES ?? 1_500)
const TENANTS = ['default', 'acme', 'rival']
/** What a deployment has brought. */
const STAGE = 'stage'

/** A thing of one owner. Each owner has agents and workflows called `same` and `own-<owner>`; the stage has those called `common`. */
type Resource = { owner: string; name: string; taskId?: string; file?: string }
type Caller = { tenant: string; scopes: Scope[] }

/** Who may what: the whole rule. `seen` is whose thing the caller meets under this name. */
function reference(
  { tenant, scopes }: Caller,
  route: RouteId,
  resource: Resource,
): { outcome: string; seen?: string } {
  if (!mayDo({ scopes }, ROUTES[route].scope)) return { outcome: 'ForbiddenError' }
  const isCommon = resource.name === 'common'
  const seen = isCommon ? STAGE : resource.name === 'same' || resource.owner === tenant ? tenant : undefined
  if (resource.taskId !== undefined || resource.file !== undefined)
    return resource.owner === tenant ? { outcome: 'found', seen: tenant } : { outcome: 'not found' }
  if (route === 'registerAgent' || route === 'putWorkflow')
    return isCommon ? { outcome: 'ConflictError' } : { outcome: 'found', seen: tenant }
  if (seen === undefined) return { outcome: 'not found' }
  const isReset = route === 'resetAgent' && isCommon && tenant !== 'default'
  return isReset ? { outcome: 'ConflictError' } : { outcome: 'found', seen }
}

const outside: Outside = {
  bus: { publish: async () => {}, deliver: async () => {} },
  executions: {
    start: async ({ name }) => name,
    find: async () => ({ status: 'RUNNING' }),
    wake: async () => {},
    beat: async () => {},
    stop: async () => {},
  },
  machines: {
    arnOf: (name) => `arn:aws:states:us-east-1:123456789012:stateMachine:${name}`,
    ensure: async ({ name }) => `arn:aws:states:us-east-1:123456789012:stateMachine:${name}`,
    publish: async (arn) => arn,
    remove: async () => true,
  },
}
const { ports } = memoryPorts({
  ...outside,
  clock: { now: () => new Date() },
  seed: 'tenants',
  files: Object.fromEntries(
    TENANTS.map((tenant) => [
      `files/${tenant === 'default' ? '' : `@${tenant}/`}f/a.csv`,
      `mark-of-${tenant}`,
    ]),
  ),
})

type Request = { path?: object; query?: object; body?: object; headers?: Record<string, string> }

async function ask({ tenant, scopes }: Caller, route: RouteId, { path, query, body, headers = {} }: Request) {
  const event: object = {
    headers,
    ...(path ? { pathParameters: path } : {}),
    ...(query ? { queryStringParameters: query } : {}),
    ...(body ? { body } : {}),
  }
  const handlers = makeHandlers(ports, {
    callerOf: () => ({ tenant, subject: `user-of-${tenant}`, kind: 'iam', scopes }),
  })
  return (await handlers[route](event as APIGatewayProxyEventV2)).body ?? ''
}

const mark = (owner: string) => `mark-of-${owner}`
const agentOf = (owner: string, id: string) => {
  const { version, capabilities } = makeAgent({ capability: 'work.do' })
  return {
    id,
    version,
    capabilities,
    description: mark(owner),
    functionArn: `arn:aws:lambda:us-east-1:123456789012:function:${hostedName(owner, id)}`,
  }
}
const workflowOf = (owner: string, name: string) => ({
  name,
  version: 1,
  description: mark(owner),
  steps: {
    ask: { approval: { prompt: mark(owner), timeoutSeconds: 60 } },
    hear: { wait: { message: {}, timeoutSeconds: 60 } },
  },
})

const ofTask =
  (more: object = {}) =>
  ({ taskId: id }: Resource): Request => ({ path: { id, ...more } })
const named = ({ name }: Resource) => ({ path: { id: name } })
/** The routes, with the kind of thing each is asked for. */
const TASKS: Partial<Record<RouteId, (resource: Resource) => Request>> = {
  getTask: ofTask(),
  getTaskStatus: ofTask(),
  getTaskResult: ofTask(),
  getTaskInput: ofTask(),
  getTaskWorkflow: ofTask(),
  listTaskSteps: ofTask(),
  getTaskStep: ofTask({ stepId: 'ask' }),
  getTaskStepInput: ofTask({ stepId: 'ask' }),
  listTaskStepTranscript: ofTask({ stepId: 'ask' }),
  listTaskEvents: ofTask(),
  listTaskLogs: ofTask(),
  listTaskFiles: ofTask(),
  getTaskFile: ofTask({ fileId: 'f_00000000000000000000000000' }),
  retryTask: ofTask(),
  forkTask: ofTask(),
  answerApproval: ({ taskId: id }) => ({
    path: { id, stepId: 'ask' },
    body: { decision: 'approve', by: 'x' },
  }),
  rateStep: ({ taskId: id }) => ({ path: { id, stepId: 'ask' }, body: { score: 1 } }),
  postMessage: ({ taskId: id, owner }) => ({ path: { id }, body: { to: 'hear', body: mark(owner) } }),
  listMessages: ofTask(),
  getTaskState: ofTask(),
  getTaskStateKey: ofTask({ key: 'k' }),
  listTaskStateHistory: ofTask({ key: 'k' }),
  putTaskStateKey: ({ taskId: id, owner }) => ({ path: { id, key: 'k' }, body: { value: mark(owner) } }),
  makeStateSnapshot: ofTask(),
  restoreTaskState: ({ taskId: id }) => ({ path: { id }, body: { at: '2026-01-01T00:00:00Z' } }),
}
const AGENTS: typeof TASKS = {
  getAgent: named,
  resetAgent: named,
  registerAgent: ({ name, owner }) => ({ body: agentOf(owner, name) }),
  makePlan: ({ name }) => ({
    body: { workflow: { name: 'inline', steps: { a: { capability: 'work.do', agent: name } } } },
  }),
}
const WORKFLOWS: typeof TASKS = {
  getWorkflow: ({ name }) => ({ path: { name } }),
  putWorkflow: ({ name, owner }) => ({ path: { name }, body: { workflow: workflowOf(owner, name) } }),
  makePlan: ({ name }) => ({ body: { workflow: name } }),
  submitTask: ({ name }) => ({ body: { workflow: name }, headers: { 'idempotency-key': `key of ${name}` } }),
}
const FILES: typeof TASKS = {
  makePlan: ({ file }) => ({
    body: {
      workflow: { name: 'inline', steps: { w: { wait: { seconds: 1 } } } },
      input: { f: { $file: file } },
    },
  }),
}
/** Routes whose answers have the mark of the owner. */
const SHOWING: RouteId[] = ['getTask', 'getTaskWorkflow', 'getAgent', 'getWorkflow']
const LISTS: RouteId[] = [
  'listTasks',
  'listAgents',
  'listWorkflows',
  'listApprovals',
  'listModels',
  'getHealth',
]
const KINDS = { TASKS, AGENTS, WORKFLOWS, FILES }

const resources: Record<keyof typeof KINDS, Resource[]> = { TASKS: [], AGENTS: [], WORKFLOWS: [], FILES: [] }
const admin = (tenant: string): Caller => ({ tenant, scopes: ['admin'] })

beforeAll(async () => {
  await ports.agents.putAgent(makeAgent({ id: 'common', description: mark(STAGE) }))
  const { workflow } = validateWorkflow(workflowOf(STAGE, 'common'))
  if (!workflow) throw new Error('the workflow is not valid')
  const arn = outside.machines.arnOf('common')
  const record = { workflow, stateMachineArn: arn, gates: [], registeredAt: '', active: true }
  await ports.workflows.putWorkflow({ ...record, origin: 'deployment' })
  for (const owner of TENANTS) {
    const caller = admin(owner)
    for (const name of ['same', `own-${owner}`]) {
      await ask(caller, 'registerAgent', { body: agentOf(owner, name) })
      await ask(caller, 'putWorkflow', { path: { name }, body: { workflow: workflowOf(owner, name) } })
      const task = await ask(caller, 'submitTask', {
        body: { workflow: name, metadata: { mark: mark(owner) } },
        headers: { 'idempotency-key': `first of ${name}` },
      })
      resources.TASKS.push({ owner, name, taskId: JSON.parse(task).taskId })
      for (const kind of ['AGENTS', 'WORKFLOWS'] as const) resources[kind].push({ owner, name })
    }
    const file = `files/${owner === 'default' ? '' : `@${owner}/`}f/a.csv`
    resources.FILES.push({ owner, name: 'a.csv', file })
  }
  for (const kind of ['AGENTS', 'WORKFLOWS'] as const) resources[kind].push({ owner: STAGE, name: 'common' })
})

/** What was asked, and whose marks the answer has; a refusal for want of the thing itself is `not found`. */
async function observed(caller: Caller, route: RouteId, request: Request, resource: Resource) {
  const answer = await ask(caller, route, request).then(
    (body) => ({ outcome: 'found', body }),
    (error: unknown) => {
      if (!isOrchestratorError(error)) throw error
      return {
        outcome: outcomeOf(error, resource),
        body: `${error.message} ${JSON.stringify(error.details)}`,
      }
    },
  )
  return { ...answer, marks: [...TENANTS, STAGE].filter((owner) => answer.body.includes(mark(owner))) }
}

function outcomeOf({ name, message }: { name: string; message: string }, { taskId, file }: Resource): string {
  if (name === 'ForbiddenError') return name
  if (taskId !== undefined) return message === `there is no task ${taskId}` ? 'not found' : 'found'
  if (file !== undefined) return message.includes('has not been uploaded') ? 'not found' : name
  const isUnknown = /^there is no (agent|workflow) |no agent "/.test(message)
  return isUnknown ? 'not found' : name
}

it(`no route tells or does to a tenant what the rule does not say, for ${TRIPLES} of them`, {
  timeout: 300_000,
}, async () => {
  const random = seededRandom('who may what')
  const oneOf = <T>(all: readonly T[]): T => all[Math.floor(random() * all.length)] as T
  const differences: object[] = []
  const counts = new Map<string, number>()
  for (let at = 0; at < TRIPLES; at++) {
    const tenant = oneOf(TENANTS)
    const scopes = random() < 0.5 ? ['admin' as const] : SCOPES.filter(() => random() < 0.4)
    const caller: Caller = { tenant, scopes }
    if (random() < 0.1) {
      const route = oneOf(LISTS)
      const { outcome, marks } = await observed(caller, route, {}, { owner: '', name: '' })
      const may = mayDo(caller, ROUTES[route].scope) ? 'found' : 'ForbiddenError'
      const strange = marks.filter((owner) => owner !== tenant && owner !== STAGE)
      if (outcome !== may || strange.length > 0) differences.push({ caller, route, outcome, may, marks })
      continue
    }
    const kind = oneOf(Object.keys(KINDS) as (keyof typeof KINDS)[])
    const [route, requestOf] = oneOf(Object.entries(KINDS[kind]) as [RouteId, (one: Resource) => Request][])
    const given = oneOf(resources[kind])
    // Who registers something gives it a mark of its own, and takes no name that only another has.
    const isNew = route === 'registerAgent' || route === 'putWorkflow'
    const name = given.name === 'common' ? 'common' : 'same'
    const resource = isNew ? { owner: tenant, name } : given
    const rule = reference(caller, route, resource)
    const { outcome, marks } = await observed(caller, route, requestOf(resource), resource)
    const strange = marks.filter((owner) => owner !== rule.seen && owner !== tenant && owner !== STAGE)
    const isUnseen = SHOWING.includes(route) && rule.seen !== undefined && !marks.includes(rule.seen)
    if (outcome !== rule.outcome || strange.length > 0 || isUnseen)
      differences.push({ caller, route, resource, rule, outcome, marks })
    counts.set(rule.outcome, (counts.get(rule.outcome) ?? 0) + 1)
  }
  expect(differences.slice(0, 5)).toEqual([])
  // The dice have met every outcome often.
  for (const outcome of ['found', 'not found', 'ForbiddenError', 'ConflictError'])
    expect([outcome, (counts.get(outcome) ?? 0) > TRIPLES / 200]).toEqual([outcome, true])
})
