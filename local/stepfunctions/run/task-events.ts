import { present } from '../wire/present.ts'
import { asText } from './history.ts'
import type { StateError } from './state-error.ts'

const REGION = 'us-east-1'
const SERVICE = 'arn:aws:states:::'

type Limits = { timeoutInSeconds: number | undefined; heartbeatInSeconds: number | undefined }
type Words = { type: string; details?: Record<string, unknown> }
/** The names of AWS's history events for one call. */
export type TaskEvents = {
  scheduled(given: unknown, limits: Limits): Words
  started(): Words
  /** Absent for functions called by their ARN: their calls have no submitted state. */
  submitted?(answer: unknown): Words
  succeeded(result: unknown): Words
  failed(reason: StateError): Words
}

/** Service integrations have one set of events, functions called by their ARN another. */
export function taskEvents(resource: string): TaskEvents {
  return resource.startsWith(SERVICE) ? serviceEvents(resource) : functionEvents(resource)
}

function serviceEvents(arn: string): TaskEvents {
  const name = arn.slice(SERVICE.length)
  const [, resourceType = '', resource = ''] = /^(aws-sdk:[^:]+|[^:]+):(.*)$/.exec(name) ?? []
  const kind = { resource, resourceType }
  const words = (suffix: string, details: object = {}): Words => ({
    type: `Task${suffix}`,
    details: { [`task${suffix}EventDetails`]: { ...kind, ...details } },
  })
  return {
    scheduled: (given, limits) =>
      words('Scheduled', { region: REGION, parameters: asText(given), ...present(limits) }),
    started: () => words('Started'),
    submitted: (answer) => words('Submitted', { output: asText(answer) }),
    succeeded: (result) => words('Succeeded', { output: asText(result) }),
    failed: ({ error, cause }) =>
      error === 'States.Timeout' ? words('TimedOut', { error }) : words('Failed', present({ error, cause })),
  }
}

function functionEvents(resource: string): TaskEvents {
  const words = (suffix: string, details: object): Words => ({
    type: `LambdaFunction${suffix}`,
    details: { [`lambdaFunction${suffix}EventDetails`]: details },
  })
  return {
    scheduled: (given, limits) => words('Scheduled', { resource, input: asText(given), ...present(limits) }),
    started: () => ({ type: 'LambdaFunctionStarted' }),
    succeeded: (result) => words('Succeeded', { output: asText(result) }),
    failed: ({ error, cause }) =>
      error === 'States.Timeout' ? words('TimedOut', { error }) : words('Failed', present({ error, cause })),
  }
}
