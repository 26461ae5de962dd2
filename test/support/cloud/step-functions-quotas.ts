import { Readable } from 'node:stream'
import { SFNClient } from '@aws-sdk/client-sfn'

/** Token bucket size and refill rate per second of each action that deployments call, in a region with the lower quotas. */
const QUOTAS: Readonly<Record<string, readonly [bucket: number, aSecond: number]>> = {
  CreateStateMachine: [100, 1],
  DeleteStateMachine: [100, 1],
  DeleteStateMachineVersion: [100, 1],
  PublishStateMachineVersion: [100, 1],
  DescribeStateMachine: [200, 20],
  ListExecutions: [100, 2],
  StopExecution: [500, 25],
}
const LATENCY_MILLISECONDS = 40
const PREFIX = 'arn:aws:states:eu-south-1:123456789012:stateMachine:'

type Machine = {
  revision: string
  definition: string
  running: number
  versions: Map<number, string>
  last: number
}
type Answer = { status: number; body: object }

/**
 * Step Functions with AWS's throttling, behind AWS's own client: a token bucket for each action, in virtual time. Machines,
 * revisions, versions and running executions are simulated; every call takes 40 ms of virtual time.
 */
export function stepFunctionsWithQuotas() {
  let now = 0
  let revisions = 0
  const machines = new Map<string, Machine>()
  const buckets = new Map<string, { tokens: number; at: number }>()
  const calls = new Map<string, number>()
  let throttled = 0

  function take(action: string): boolean {
    const [size, aSecond] = QUOTAS[action] ?? [0, 0]
    const bucket = buckets.get(action) ?? { tokens: size, at: now }
    const tokens = Math.min(size, bucket.tokens + ((now - bucket.at) / 1_000) * aSecond)
    const allowed = tokens >= 1
    buckets.set(action, { tokens: allowed ? tokens - 1 : tokens, at: now })
    return allowed
  }

  const handle = async (request: { headers: Record<string, string>; body: Uint8Array }) => {
    now += LATENCY_MILLISECONDS
    const action = String(request.headers['x-amz-target']).split('.')[1] ?? ''
    const { status, body } = take(action)
      ? answer(action, JSON.parse(new TextDecoder().decode(request.body)))
      : refuse()
    const headers = { 'content-type': 'application/x-amz-json-1.0' }
    return { response: { statusCode: status, headers, body: Readable.from([JSON.stringify(body)]) } }
  }

  function refuse(): Answer {
    throttled++
    return failure('ThrottlingException', 'Rate exceeded')
  }

  function answer(action: string, input: Record<string, string>): Answer {
    calls.set(action, (calls.get(action) ?? 0) + 1)
    const arn = input.stateMachineArn ?? input.stateMachineVersionArn ?? ''
    const [, number] = arn.slice(PREFIX.length).split(':')
    const machine = machines.get(number === undefined ? arn : arn.slice(0, -number.length - 1))
    const version = number === undefined ? undefined : machine?.versions.get(Number(number))
    switch (action) {
      case 'CreateStateMachine':
        put(String(input.name), String(input.definition))
        return { status: 200, body: { stateMachineArn: PREFIX + input.name, creationDate: 0 } }
      case 'DescribeStateMachine': {
        const revision = number === undefined ? machine?.revision : version
        if (!machine || revision === undefined) return absent(arn)
        const told = {
          stateMachineArn: arn,
          name: '',
          definition: machine.definition,
          roleArn: '',
          creationDate: 0,
        }
        return {
          status: 200,
          body: {
            ...told,
            type: 'STANDARD',
            status: 'ACTIVE',
            ...(revision === 'INITIAL' ? {} : { revisionId: revision }),
          },
        }
      }
      case 'PublishStateMachineVersion': {
        if (!machine) return absent(arn)
        if (input.revisionId !== undefined && input.revisionId !== machine.revision)
          return failure('ConflictException', 'The revision ID does not match')
        const [known] = [...machine.versions].find(([, revision]) => revision === machine.revision) ?? []
        const at = known ?? ++machine.last
        machine.versions.set(at, machine.revision)
        return { status: 200, body: { stateMachineVersionArn: `${arn}:${at}`, creationDate: 0 } }
      }
      case 'DeleteStateMachineVersion':
        machine?.versions.delete(Number(number))
        return { status: 200, body: {} }
      case 'DeleteStateMachine':
        machines.delete(arn)
        return { status: 200, body: {} }
      case 'ListExecutions': {
        if (!machine) return absent(arn)
        const executions = Array.from({ length: machine.running }, (_, at) => {
          const executionArn = `${arn.replace(':stateMachine:', ':execution:')}:t_${at}`
          return { executionArn, stateMachineArn: arn, name: `t_${at}`, status: 'RUNNING', startDate: 0 }
        })
        return { status: 200, body: { executions } }
      }
      case 'StopExecution': {
        const owner = machines.get(
          String(input.executionArn)
            .replace(':execution:', ':stateMachine:')
            .replace(/:t_\d+$/, ''),
        )
        if (owner) owner.running--
        return { status: 200, body: { stopDate: now / 1_000 } }
      }
      default:
        return failure('UnknownOperationException', action)
    }
  }

  /** Creates or updates a machine as CloudFormation does: one that was never updated has no revision of its own. */
  function put(name: string, definition: string): string {
    const known = machines.get(PREFIX + name)
    if (known?.definition === definition) return known.revision
    const revision = known ? `revision-${++revisions}` : 'INITIAL'
    const before = known ?? { running: 0, versions: new Map<number, string>(), last: 0 }
    machines.set(PREFIX + name, { ...before, revision, definition })
    return revision
  }

  const client = new SFNClient({
    region: 'eu-south-1',
    credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
    // No retries, because the client's back-off is in real time.
    maxAttempts: 1,
    requestHandler: { handle } as never,
  })
  return {
    client,
    arnPrefix: PREFIX,
    put,
    machines,
    /** Successful calls, by action. */
    calls,
    throttledCalls: () => throttled,
    now: () => now,
    /** Advances virtual time. */
    wait: async (milliseconds: number): Promise<void> => {
      now += milliseconds
    },
  }
}

const failure = (name: string, message: string): Answer => ({
  status: 400,
  body: { __type: `com.amazonaws.states#${name}`, message },
})
const absent = (arn: string): Answer =>
  failure('StateMachineDoesNotExist', `State Machine Does Not Exist: '${arn}'`)
