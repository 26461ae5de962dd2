import {
  CreateStateMachineCommand,
  DeleteStateMachineCommand,
  DeleteStateMachineVersionCommand,
  DescribeStateMachineCommand,
  type ExecutionListItem,
  ListExecutionsCommand,
  type LoggingConfiguration,
  PublishStateMachineVersionCommand,
  type SFNClient,
  StopExecutionCommand,
} from '@aws-sdk/client-sfn'
import { fillIn, withPartition } from '../../../shared/compiler/fill-in.ts'
import { OrchestratorError } from '../../../shared/domain/errors.ts'
import { machineArnOf } from '../../../shared/domain/execution-arn.ts'
import type { Machines } from '../../../shared/ports/index.ts'
import { callAws, unlessAws } from '../aws-errors.ts'
import { type Patience, patiently } from '../patience.ts'

/** How long a machine is assumed to exist once it was seen: machines are removed only after long disuse. */
const KNOWN_MILLISECONDS = 3_600_000
/** An execution can be redriven for two weeks after its end. */
const REDRIVE_MILLISECONDS = 14 * 86_400_000
const MOST_LOOKED_AT = 1_000
const MAX_NAME = 80
/** The quota of Step Functions is 1,000 versions of a machine. */
const KEPT_VERSIONS = 100
/** Step Functions' revision id of a machine that was never updated, which its answers leave out. */
const FIRST_REVISION = 'INITIAL'

type Settings = {
  client: SFNClient
  /** The common prefix of the ARNs of this installation's machines. */
  arnPrefix: string
  roleArn: string
  /** Values of the placeholders `${...}` in compiled definitions. */
  substitutions: Readonly<Record<string, string>>
  /** The ARN of the log group for failed executions, without their data; no logging by default. */
  logGroupArn?: string | undefined
  /** Tags of every state machine that it creates. */
  tags?: Readonly<Record<string, string>> | undefined
  /** How long it retries calls that Step Functions throttles; no retries by default. */
  patience?: Patience
}

export function stepfunctionsMachines(settings: Settings): Machines {
  const { client, arnPrefix, roleArn, substitutions, logGroupArn, tags = {}, patience } = settings
  /** ARNs of existing machines, and until when that is assumed: another process may remove them. */
  const known = new Map<string, number>()
  const isKnown = (arn: string): boolean => (known.get(arn) ?? 0) > Date.now() - KNOWN_MILLISECONDS

  async function createUnlessThere(stateMachineArn: string, definition: string): Promise<void> {
    const describe = new DescribeStateMachineCommand({ stateMachineArn })
    // Describing is cheap; creating is limited to about one call a second.
    const there = await unlessAws(['StateMachineDoesNotExist'], () => client.send(describe))
    // A name can be reused only after the deletion has completed.
    if (there?.status === 'DELETING')
      throw new OrchestratorError('UnavailableError', `${stateMachineArn} is being deleted; try again`)
    if (there) return
    const create = new CreateStateMachineCommand({
      name: stateMachineArn.split(':').at(-1),
      definition,
      roleArn,
      type: 'STANDARD',
      tracingConfiguration: { enabled: true },
      ...(logGroupArn === undefined ? {} : { loggingConfiguration: failuresIn(logGroupArn) }),
      tags: Object.entries(tags).map(([key, value]) => ({ key, value })),
    })
    // Creating is idempotent: the same name, definition and role return the existing machine.
    await callAws(() => client.send(create))
  }

  function arnOf(name: string): string {
    const arn = `${arnPrefix}${name}`
    requireShort(arn)
    return arn
  }

  return {
    arnOf,

    async ensure({ name, definition }) {
      if (arnPrefix === '' || roleArn === '')
        throw new OrchestratorError(
          'ConfigError',
          'this function makes no machines: MACHINES and MACHINE_ROLE are not set',
        )
      const arn = arnOf(name)
      const values = { ...substitutions, Partition: String(arn.split(':')[1]) }
      const text = fillIn(withPartition(JSON.stringify(definition)), values)
      if (!isKnown(arn)) await createUnlessThere(arn, text)
      known.set(arn, Date.now())
      return arn
    },

    async publish(stateMachineArn, known) {
      const revision = await revisionOf(client, stateMachineArn, patience)
      if (revision === undefined)
        throw new OrchestratorError('BugError', `${stateMachineArn} is not there, and cannot be published`)
      // Describing a revision is twenty times cheaper than publishing it again, which would return the same version.
      const published = known !== undefined && machineArnOf(known) === stateMachineArn ? known : undefined
      if (published && (await revisionOf(client, published, patience)) === revision) return published
      return publishRevision(client, stateMachineArn, revision, patience)
    },

    async remove(machine, { evenBusy = false } = {}) {
      const stateMachineArn = machine.startsWith('arn:') ? machine : `${arnPrefix}${machine}`
      if (evenBusy) await stopAll(client, stateMachineArn, patience)
      else if (await isBusy(client, stateMachineArn, patience)) return false
      // Deleting a machine that does not exist succeeds.
      await patiently(patience, () => client.send(new DeleteStateMachineCommand({ stateMachineArn })))
      known.delete(stateMachineArn)
      return true
    },
  }
}

/** The same logging as the machines of a deployment have. */
const failuresIn = (logGroupArn: string): LoggingConfiguration => ({
  level: 'ERROR',
  includeExecutionData: false,
  destinations: [{ cloudWatchLogsLogGroup: { logGroupArn } }],
})

/** The revision of a state machine, or of a version of it; undefined when it does not exist. */
async function revisionOf(client: SFNClient, arn: string, patience?: Patience): Promise<string | undefined> {
  const describe = new DescribeStateMachineCommand({ stateMachineArn: arn })
  const there = await unlessAws(['StateMachineDoesNotExist'], () =>
    patiently(patience, () => client.send(describe)),
  )
  return there && (there.revisionId ?? FIRST_REVISION)
}

/** Optimistic locking: Step Functions refuses if the machine has changed since it was read, so no other revision is published. */
async function publishRevision(
  client: SFNClient,
  stateMachineArn: string,
  revisionId: string,
  patience?: Patience,
): Promise<string> {
  const publish = new PublishStateMachineVersionCommand({ stateMachineArn, revisionId })
  const { stateMachineVersionArn } = await patiently(patience, () => client.send(publish))
  if (!stateMachineVersionArn)
    throw new OrchestratorError('BugError', `${stateMachineArn} was published as nothing`)
  const old = Number(stateMachineVersionArn.split(':').at(-1)) - KEPT_VERSIONS
  if (old > 0) {
    const remove = new DeleteStateMachineVersionCommand({
      stateMachineVersionArn: `${stateMachineArn}:${old}`,
    })
    await patiently(patience, () => client.send(remove))
  }
  return stateMachineVersionArn
}

async function isBusy(client: SFNClient, stateMachineArn: string, patience?: Patience): Promise<boolean> {
  const list = new ListExecutionsCommand({ stateMachineArn, maxResults: MOST_LOOKED_AT })
  const listed = await unlessAws(['StateMachineDoesNotExist'], () =>
    patiently(patience, () => client.send(list)),
  )
  if (listed?.executions?.some(isRunningOrRedrivable)) return true
  if (!listed?.nextToken) return false
  // More than one page of executions: older ones, on later pages, may still be running.
  const running = new ListExecutionsCommand({ stateMachineArn, statusFilter: 'RUNNING', maxResults: 1 })
  return Boolean((await patiently(patience, () => client.send(running))).executions?.length)
}

/** Stops the machine's executions: Step Functions deletes a machine only when none is running, and a long wait could delay that. */
async function stopAll(client: SFNClient, stateMachineArn: string, patience?: Patience): Promise<void> {
  const list = new ListExecutionsCommand({
    stateMachineArn,
    statusFilter: 'RUNNING',
    maxResults: MOST_LOOKED_AT,
  })
  for (;;) {
    const listed = await unlessAws(['StateMachineDoesNotExist'], () =>
      patiently(patience, () => client.send(list)),
    )
    if (!listed?.executions?.length) return
    for (const { executionArn } of listed.executions) {
      const stop = new StopExecutionCommand({ executionArn, cause: 'the stacks are destroyed' })
      await unlessAws(['ExecutionDoesNotExist'], () => patiently(patience, () => client.send(stop)))
    }
  }
}

function requireShort(stateMachineArn: string): void {
  const name = stateMachineArn.split(':').at(-1) ?? ''
  if (name.length <= MAX_NAME) return
  const message = `the state machine "${name}" would have a name of ${name.length} characters; Step Functions accepts ${MAX_NAME}: choose a shorter name for the workflow`
  throw new OrchestratorError('InvalidInputError', message)
}

/** Succeeded executions are not redriven, so they do not keep the machine busy. */
function isRunningOrRedrivable({ status, stopDate }: ExecutionListItem): boolean {
  if (status === 'SUCCEEDED') return false
  return stopDate === undefined || stopDate.getTime() > Date.now() - REDRIVE_MILLISECONDS
}
