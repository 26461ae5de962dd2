import { asText, type History } from './history.ts'
import type { StateError } from './state-error.ts'

const REGION = 'us-east-1'
const SERVICE = 'arn:aws:states:::'

type Limits = { timeoutInSeconds: number | undefined; heartbeatInSeconds: number | undefined }
type Recorder = {
  started(after: number, given: unknown, limits: Limits): number
  succeeded(after: number, result: unknown): number
  failed(after: number, reason: StateError): number
}

/** Records one call in the words that AWS has for it: one set for services, another for functions called by their ARN. */
export function taskRecorder(history: History, resource: string): Recorder {
  return resource.startsWith(SERVICE) ? recordService(history, resource) : recordFunction(history, resource)
}

function recordService(history: History, arn: string): Recorder {
  const parts = arn.slice(SERVICE.length).split(':')
  const kind = { resource: parts.at(-1), resourceType: parts.slice(0, -1).join(':') }
  return {
    started: (after, given, limits) => {
      const details = { ...kind, region: REGION, parameters: asText(given), ...present(limits) }
      const scheduled = history.add(after, 'TaskScheduled', { taskScheduledEventDetails: details })
      return history.add(scheduled, 'TaskStarted', { taskStartedEventDetails: kind })
    },
    succeeded: (after, result) =>
      history.add(after, 'TaskSucceeded', { taskSucceededEventDetails: { ...kind, output: asText(result) } }),
    failed: (after, { error, cause }) => {
      if (error === 'States.Timeout') {
        return history.add(after, 'TaskTimedOut', { taskTimedOutEventDetails: { ...kind, error } })
      }
      return history.add(after, 'TaskFailed', {
        taskFailedEventDetails: { ...kind, ...present({ error, cause }) },
      })
    },
  }
}

function recordFunction(history: History, resource: string): Recorder {
  return {
    started: (after, given, limits) => {
      const details = { resource, input: asText(given), ...present(limits) }
      const scheduled = history.add(after, 'LambdaFunctionScheduled', {
        lambdaFunctionScheduledEventDetails: details,
      })
      return history.add(scheduled, 'LambdaFunctionStarted')
    },
    succeeded: (after, result) =>
      history.add(after, 'LambdaFunctionSucceeded', {
        lambdaFunctionSucceededEventDetails: { output: asText(result) },
      }),
    failed: (after, { error, cause }) => {
      if (error === 'States.Timeout') {
        return history.add(after, 'LambdaFunctionTimedOut', { lambdaFunctionTimedOutEventDetails: { error } })
      }
      return history.add(after, 'LambdaFunctionFailed', {
        lambdaFunctionFailedEventDetails: present({ error, cause }),
      })
    },
  }
}

function present<T extends object>(fields: T): Partial<T> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Partial<T>
}
