import type { HistoryEvent } from '../run/history.ts'
import { whyNotRedrivable } from '../run/redrivable.ts'
import type { ExecutionRow, StateMachine } from '../store/execution-store.ts'
import { present } from './present.ts'

/** A time in the JSON protocol's unit. */
export const seconds = (milliseconds: number): number => milliseconds / 1_000

export function summary(row: ExecutionRow): object {
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
    stateMachineVersionArn,
  } = row
  return {
    ...{ executionArn, stateMachineArn, name, status, startDate: seconds(startedAt), redriveCount },
    ...(stoppedAt === undefined ? {} : { stopDate: seconds(stoppedAt) }),
    ...(redrivenAt === undefined ? {} : { redriveDate: seconds(redrivenAt) }),
    ...present({ mapRunArn, stateMachineVersionArn }),
  }
}

export function versionSummary({ stateMachineArn, createdAt }: StateMachine): object {
  return { stateMachineVersionArn: stateMachineArn, creationDate: seconds(createdAt) }
}

export function describe(row: ExecutionRow): object {
  const { input, output, error, cause } = row
  const reason = whyNotRedrivable(row, Date.now())
  return {
    ...summary(row),
    input,
    inputDetails: { included: true },
    ...(output === undefined ? {} : { output, outputDetails: { included: true } }),
    redriveStatus: reason === undefined ? 'REDRIVABLE' : 'NOT_REDRIVABLE',
    ...present({ error, cause, redriveStatusReason: reason }),
  }
}

export function describeMachine(machine: StateMachine): object {
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

export function wireEvent(event: HistoryEvent, withData: boolean): object {
  const timed = { ...event, timestamp: seconds(event.timestamp) }
  if (withData) return timed
  const stripped = Object.entries(timed).map(([key, value]) => {
    if (typeof value !== 'object' || value === null) return [key, value]
    return [key, Object.fromEntries(Object.entries(value).filter(([name]) => !PAYLOADS.includes(name)))]
  })
  return Object.fromEntries(stripped) as object
}
