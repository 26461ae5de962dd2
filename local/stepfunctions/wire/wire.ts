import { randomUUID } from 'node:crypto'
import { AwsError } from '../../aws/errors.ts'
import type { StepFunctionsService } from '../service.ts'
import { ACTION_NAMES, type ActionName, parseRequest, type RequestOf } from './requests.ts'
import { describe, describeMachine, seconds, summary, versionSummary, wireEvent } from './views.ts'

type Place = { account: string; region: string }
type Actions = {
  [Name in ActionName]: (service: StepFunctionsService, request: RequestOf<Name>, place: Place) => object
}

const DEFAULT_PAGE = 100
/** Valid names of machines and executions. */
const NAME = /^[^\s<>{}[\]?*"#%\\^|~`$&,;:/\p{Cc}]{1,80}$/u

/** Step Functions' actions by their names in the JSON protocol. */
const ACTIONS: Actions = {
  CreateStateMachine: (service, { name, definition, roleArn, type }, { region, account }) => {
    if (type !== 'STANDARD') {
      const message = `the local cloud runs STANDARD machines only, not ${type}`
      throw new AwsError('StateMachineTypeNotSupported', message)
    }
    const stateMachineArn = `arn:aws:states:${region}:${account}:stateMachine:${validName(name)}`
    const known = service.findStateMachine(stateMachineArn)
    if (known && (known.definition !== definition || known.roleArn !== roleArn)) {
      throw new AwsError('StateMachineAlreadyExists', `State Machine Already Exists: '${stateMachineArn}'`)
    }
    const { createdAt } = service.putStateMachine({ stateMachineArn, name, definition, roleArn })
    return { stateMachineArn, creationDate: seconds(createdAt) }
  },

  UpdateStateMachine: (service, { stateMachineArn, definition, roleArn }) => {
    if (!definition && !roleArn) {
      throw new AwsError(
        'MissingRequiredParameter',
        'Either the definition or the role ARN must be specified',
      )
    }
    const known = service.getStateMachine(stateMachineArn)
    const { updatedAt, revisionId } = service.putStateMachine({
      stateMachineArn,
      name: known.name,
      definition: definition ?? known.definition,
      roleArn: roleArn ?? known.roleArn,
    })
    return { updateDate: seconds(updatedAt), revisionId }
  },

  DeleteStateMachine: (service, { stateMachineArn }) => {
    service.deleteStateMachine(stateMachineArn)
    return {}
  },

  DescribeStateMachine: (service, { stateMachineArn }) =>
    describeMachine(service.getStateMachine(stateMachineArn)),

  PublishStateMachineVersion: (service, { stateMachineArn, revisionId }) =>
    versionSummary(service.publishVersion(stateMachineArn, revisionId ?? undefined)),

  ListStateMachineVersions: (service, { stateMachineArn, maxResults, nextToken }) => {
    const { from, limit } = pageOf(maxResults, nextToken)
    const all = service.listVersions(stateMachineArn)
    return {
      stateMachineVersions: all.slice(from, from + limit).map(versionSummary),
      ...next(from + limit < all.length, from + limit),
    }
  },

  DeleteStateMachineVersion: (service, { stateMachineVersionArn }) => {
    service.deleteVersion(stateMachineVersionArn)
    return {}
  },

  DescribeStateMachineForExecution: (service, { executionArn }) => {
    const { stateMachineArn, roleArn, mapRunArn, startedAt } = service.getExecution(executionArn)
    const machine = service.findStateMachine(stateMachineArn)
    return {
      stateMachineArn,
      name: stateMachineArn.split(':').at(-1),
      definition: service.definitionOf(executionArn),
      roleArn,
      updateDate: seconds(machine?.updatedAt ?? startedAt),
      ...(mapRunArn === undefined ? {} : { mapRunArn }),
    }
  },

  ListStateMachines: (service, { maxResults, nextToken }) => {
    const { from, limit } = pageOf(maxResults, nextToken)
    const all = service.listStateMachines()
    return {
      stateMachines: all.slice(from, from + limit).map(({ stateMachineArn, name, createdAt }) => {
        return { stateMachineArn, name, type: 'STANDARD', creationDate: seconds(createdAt) }
      }),
      ...next(from + limit < all.length, from + limit),
    }
  },

  ValidateStateMachineDefinition: (service, { definition }) => {
    const code = 'SCHEMA_VALIDATION_FAILED'
    const diagnostics = service.validate(definition).map((message) => ({ severity: 'ERROR', code, message }))
    return { result: diagnostics.length === 0 ? 'OK' : 'FAIL', diagnostics, truncated: false }
  },

  StartExecution: (service, { stateMachineArn, name, input }) => {
    const { executionArn, startedAt } = service.startExecution({
      stateMachineArn,
      name: validName(name ?? randomUUID()),
      input: input ?? undefined,
    })
    return { executionArn, startDate: seconds(startedAt) }
  },

  StopExecution: (service, { executionArn, error, cause }) => {
    const { stoppedAt = 0 } = service.stopExecution(executionArn, error ?? undefined, cause ?? undefined)
    return { stopDate: seconds(stoppedAt) }
  },

  RedriveExecution: (service, { executionArn }) => ({
    redriveDate: seconds(service.redriveExecution(executionArn)),
  }),

  DescribeExecution: (service, { executionArn }) => describe(service.getExecution(executionArn)),

  ListExecutions: (service, { stateMachineArn, mapRunArn, statusFilter, maxResults, nextToken }) => {
    if (stateMachineArn) service.getStateMachine(stateMachineArn)
    // No execution is ever in this status here.
    if (statusFilter === 'PENDING_REDRIVE') return { executions: [] }
    const { from, limit } = pageOf(maxResults, nextToken)
    const filter = {
      ...(stateMachineArn ? { stateMachineArn } : {}),
      ...(mapRunArn ? { mapRunArn } : {}),
      ...(statusFilter ? { status: statusFilter } : {}),
    }
    const found = service.listExecutions(filter, { from, limit: limit + 1 })
    return { executions: found.slice(0, limit).map(summary), ...next(found.length > limit, from + limit) }
  },

  GetExecutionHistory: (
    service,
    { executionArn, reverseOrder, maxResults, nextToken, includeExecutionData },
  ) => {
    const { from, limit } = pageOf(maxResults, nextToken)
    const page = { from, limit: limit + 1, reverse: reverseOrder === true }
    const found = service.listEvents(executionArn, page)
    const events = found.slice(0, limit).map((event) => wireEvent(event, includeExecutionData !== false))
    return { events, ...next(found.length > limit, from + limit) }
  },

  SendTaskSuccess: (service, { taskToken, output }) => {
    const waiting = service.tokens.get(taskToken)
    waiting.settle({ output: parsedOutput(output) })
    return {}
  },

  SendTaskFailure: (service, { taskToken, error, cause }) => {
    service.tokens.get(taskToken).settle({ ...(error ? { error } : {}), ...(cause ? { cause } : {}) })
    return {}
  },

  SendTaskHeartbeat: (service, { taskToken }) => {
    service.tokens.get(taskToken).heartbeat()
    return {}
  },
}

/** Answers one call. Throws AwsError. */
export function answerStepFunctions(
  service: StepFunctionsService,
  action: string,
  body: unknown,
  place: Place,
): object {
  const name = ACTION_NAMES.find((one) => one === action)
  if (!name) {
    const message = `the local Step Functions does not do ${action}; it does ${ACTION_NAMES.join(', ')}`
    throw new AwsError('UnknownOperationException', message)
  }
  const answer = ACTIONS[name] as (service: StepFunctionsService, request: unknown, place: Place) => object
  return answer(service, parseRequest(name, body), place)
}

function validName(name: string): string {
  if (NAME.test(name)) return name
  throw new AwsError('InvalidName', `Invalid Name: '${name}'`)
}

function parsedOutput(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch (error) {
    throw new AwsError('InvalidOutput', `Invalid Output: '${(error as Error).message}'`)
  }
}

/** A page token is a position in the list. */
function pageOf(maxResults: number | null | undefined, nextToken: string | null | undefined) {
  const from = nextToken ? Number(nextToken) : 0
  if (!Number.isSafeInteger(from) || from < 0)
    throw new AwsError('InvalidToken', `Invalid Token: '${nextToken}'`)
  return { from, limit: maxResults || DEFAULT_PAGE }
}

const next = (hasMore: boolean, position: number): object => (hasMore ? { nextToken: String(position) } : {})
