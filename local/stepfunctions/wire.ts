import { randomUUID } from 'node:crypto'
import { AwsError } from '../endpoint/aws-error.ts'
import type { ExecutionStatus } from './execution.ts'
import type { HistoryEvent } from './history.ts'
import { type StepFunctionsService, whyNotRedrivable } from './service.ts'
import type { ExecutionRow, StateMachine } from './store/execution-store.ts'

type Body = Record<string, unknown>
type Place = { account: string; region: string }
type Action = (service: StepFunctionsService, body: Body, place: Place) => object

const seconds = (milliseconds: number): number => milliseconds / 1_000
const MOST_ON_A_PAGE = 1_000
const DEFAULT_PAGE = 100
const MACHINE_NAME = /^[^\s<>{}[\]?*"#%\\^|~`$&,;:/\p{Cc}]{1,80}$/u

/** Step Functions' actions by name, as its JSON protocol has them. */
const ACTIONS: Readonly<Record<string, Action>> = {
  CreateStateMachine: (service, { name, definition, roleArn, type = 'STANDARD' }, { region, account }) => {
    if (type !== 'STANDARD')
      throw new AwsError(
        'StateMachineTypeNotSupported',
        `the local cloud runs STANDARD machines only, not ${String(type)}`,
      )
    if (!MACHINE_NAME.test(String(name))) throw new AwsError('InvalidName', `Invalid Name: '${String(name)}'`)
    const stateMachineArn = `arn:aws:states:${region}:${account}:stateMachine:${String(name)}`
    const known = service.findStateMachine(stateMachineArn)
    const isSame = known?.definition === definition && known?.roleArn === roleArn
    if (known && !isSame)
      throw new AwsError('StateMachineAlreadyExists', `State Machine Already Exists: '${stateMachineArn}'`)
    const machine = service.putStateMachine({
      stateMachineArn,
      name: String(name),
      definition: String(definition),
      roleArn: String(roleArn),
    })
    return { stateMachineArn, creationDate: seconds(machine.createdAt) }
  },

  UpdateStateMachine: (service, { stateMachineArn, definition, roleArn }) => {
    if (definition === undefined && roleArn === undefined) {
      throw new AwsError(
        'MissingRequiredParameter',
        'Either the definition or the role ARN must be specified',
      )
    }
    const known = service.getStateMachine(String(stateMachineArn))
    const { updatedAt, revisionId } = service.putStateMachine({
      stateMachineArn: known.stateMachineArn,
      name: known.name,
      definition: definition === undefined ? known.definition : String(definition),
      roleArn: roleArn === undefined ? known.roleArn : String(roleArn),
    })
    return { updateDate: seconds(updatedAt), revisionId }
  },

  DeleteStateMachine: (service, { stateMachineArn }) => {
    service.deleteStateMachine(String(stateMachineArn))
    return {}
  },

  DescribeStateMachine: (service, { stateMachineArn }) =>
    describeMachine(service.getStateMachine(String(stateMachineArn))),

  DescribeStateMachineForExecution: (service, { executionArn }) => {
    const arn = String(executionArn)
    const { stateMachineArn, roleArn, mapRunArn, startedAt } = service.getExecution(arn)
    const definition = service.definitionOf(arn)
    const machine = service.findStateMachine(stateMachineArn)
    const name = stateMachineArn.split(':').at(-1)
    return {
      ...{ stateMachineArn, name, definition, roleArn },
      updateDate: seconds(machine?.updatedAt ?? startedAt),
      ...(mapRunArn === undefined ? {} : { mapRunArn }),
    }
  },

  ListStateMachines: (service, body) => {
    const { page, nextToken } = pageOf(service.listStateMachines(), body)
    return {
      stateMachines: page.map(({ stateMachineArn, name, createdAt }) => {
        return { stateMachineArn, name, type: 'STANDARD', creationDate: seconds(createdAt) }
      }),
      ...nextToken,
    }
  },

  ValidateStateMachineDefinition: (service, { definition }) => {
    const problems = service.validate(String(definition))
    const diagnostics = problems.map((message) => ({
      severity: 'ERROR',
      code: 'SCHEMA_VALIDATION_FAILED',
      message,
    }))
    return { result: problems.length === 0 ? 'OK' : 'FAIL', diagnostics, truncated: false }
  },

  StartExecution: (service, { stateMachineArn, name, input }) => {
    const execution = service.startExecution({
      stateMachineArn: String(stateMachineArn),
      name: name === undefined ? randomUUID() : String(name),
      input: input as string | undefined,
    })
    return { executionArn: execution.executionArn, startDate: seconds(execution.startedAt) }
  },

  StopExecution: (service, { executionArn, error, cause }) => {
    const { stoppedAt = 0 } = service.stopExecution(
      String(executionArn),
      error as string | undefined,
      cause as string | undefined,
    )
    return { stopDate: seconds(stoppedAt) }
  },

  RedriveExecution: (service, { executionArn }) => ({
    redriveDate: seconds(service.redriveExecution(String(executionArn))),
  }),

  DescribeExecution: (service, { executionArn }) => describe(service.getExecution(String(executionArn))),

  ListExecutions: (service, { stateMachineArn, mapRunArn, statusFilter, maxResults, nextToken }) => {
    if (stateMachineArn !== undefined) service.getStateMachine(String(stateMachineArn))
    const from = positionOf(nextToken)
    const limit = Number(maxResults) || DEFAULT_PAGE
    const found = service.listExecutions(
      {
        ...(stateMachineArn === undefined ? {} : { stateMachineArn: String(stateMachineArn) }),
        ...(mapRunArn === undefined ? {} : { mapRunArn: String(mapRunArn) }),
        ...(statusFilter === undefined ? {} : { status: statusFilter as ExecutionStatus }),
      },
      { from, limit: limit + 1 },
    )
    return { executions: found.slice(0, limit).map(summary), ...next(found.length > limit, from + limit) }
  },

  GetExecutionHistory: (
    service,
    { executionArn, reverseOrder = false, maxResults, nextToken, includeExecutionData = true },
  ) => {
    const from = positionOf(nextToken)
    const limit = Math.min(MOST_ON_A_PAGE, Number(maxResults) || DEFAULT_PAGE)
    const page = { from, limit: limit + 1, reverse: reverseOrder === true }
    const found = service.listEvents(String(executionArn), page)
    const events = found.slice(0, limit).map((event) => wireEvent(event, includeExecutionData !== false))
    return { events, ...next(found.length > limit, from + limit) }
  },

  SendTaskSuccess: (service, { taskToken, output }) => {
    const waiting = service.tokens.get(String(taskToken))
    waiting.settle({ output: parsedOutput(String(output)) })
    return {}
  },

  SendTaskFailure: (service, { taskToken, error, cause }) => {
    const details = {
      ...(error === undefined ? {} : { error: String(error) }),
      ...(cause === undefined ? {} : { cause: String(cause) }),
    }
    service.tokens.get(String(taskToken)).settle(details)
    return {}
  },

  SendTaskHeartbeat: (service, { taskToken }) => {
    service.tokens.get(String(taskToken)).heartbeat()
    return {}
  },
}

/** Answers one call. Throws AwsError. */
export function answerStepFunctions(
  service: StepFunctionsService,
  action: string,
  body: Body,
  place: Place,
): object {
  const answer = ACTIONS[action]
  if (answer) return answer(service, body, place)
  throw new AwsError(
    'UnknownOperationException',
    `the local Step Functions does not do ${action}; it does ${Object.keys(ACTIONS).join(', ')}`,
  )
}

function parsedOutput(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch (error) {
    throw new AwsError('InvalidOutput', `Invalid Output: '${(error as Error).message}'`)
  }
}

function positionOf(nextToken: unknown): number {
  if (nextToken === undefined) return 0
  const position = Number(nextToken)
  if (Number.isSafeInteger(position) && position >= 0) return position
  throw new AwsError('InvalidToken', `Invalid Token: '${String(nextToken)}'`)
}

const next = (hasMore: boolean, position: number): object => (hasMore ? { nextToken: String(position) } : {})

function pageOf<T>(all: T[], { nextToken, maxResults }: Body): { page: T[]; nextToken: object } {
  const from = positionOf(nextToken)
  const to = from + (Number(maxResults) || DEFAULT_PAGE)
  return { page: all.slice(from, to), nextToken: next(to < all.length, to) }
}

function summary(row: ExecutionRow): object {
  const {
    executionArn,
    stateMachineArn,
    name,
    status,
    startedAt,
    stoppedAt,
    redriveCount,
    redrivenAt,
    mapRunArn,
  } = row
  return {
    ...{ executionArn, stateMachineArn, name, status, startDate: seconds(startedAt), redriveCount },
    ...(stoppedAt === undefined ? {} : { stopDate: seconds(stoppedAt) }),
    ...(redrivenAt === undefined ? {} : { redriveDate: seconds(redrivenAt) }),
    ...(mapRunArn === undefined ? {} : { mapRunArn }),
  }
}

function describe(row: ExecutionRow): object {
  const { input, output, error, cause } = row
  const reason = whyNotRedrivable(row, Date.now())
  return {
    ...summary(row),
    input,
    inputDetails: { included: true },
    ...(output === undefined ? {} : { output, outputDetails: { included: true } }),
    ...(error === undefined ? {} : { error }),
    ...(cause === undefined ? {} : { cause }),
    redriveStatus: reason === undefined ? 'REDRIVABLE' : 'NOT_REDRIVABLE',
    ...(reason === undefined ? {} : { redriveStatusReason: reason }),
  }
}

function describeMachine(machine: StateMachine): object {
  const { stateMachineArn, name, definition, roleArn, createdAt, revisionId } = machine
  const creationDate = seconds(createdAt)
  return {
    stateMachineArn,
    name,
    definition,
    roleArn,
    revisionId,
    type: 'STANDARD',
    status: 'ACTIVE',
    creationDate,
  }
}

const PAYLOADS = ['input', 'output', 'parameters', 'cause', 'assignedVariables']

function wireEvent(event: HistoryEvent, withData: boolean): object {
  const timed = { ...event, timestamp: seconds(event.timestamp) }
  if (withData) return timed
  const stripped = Object.entries(timed).map(([key, value]) => {
    if (typeof value !== 'object' || value === null) return [key, value]
    return [key, Object.fromEntries(Object.entries(value).filter(([name]) => !PAYLOADS.includes(name)))]
  })
  return Object.fromEntries(stripped) as object
}
