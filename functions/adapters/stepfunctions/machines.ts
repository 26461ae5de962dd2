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

/** Machines go only when they are long unused, and then they are looked for again. */
const KNOWN_MILLISECONDS = 3_600_000
/** An execution can be redriven for two weeks after its end. */
const REDRIVE_MILLISECONDS = 14 * 86_400_000
const MOST_LOOKED_AT = 1_000
const MAX_NAME = 80
/** Step Functions keeps 1,000 of a machine. */
const KEPT_VERSIONS = 100
/** What Step Functions calls the revision of a machine that was never updated, and does not tell. */
const FIRST_REVISION = 'INITIAL'

type Settings = {
  client: SFNClient
  /** What the ARNs of all our machines begin with. */
  arnPrefix: string
  roleArn: string
  /** For the names in `${...}` that the compiler leaves open. */
  substitutions: Readonly<Record<string, string>>
  /** Where failures of executions are logged, without their data; nowhere where it is not said. */
  logGroupArn?: string | undefined
  /** For every state machine that it creates. */
  tags?: Readonly<Record<string, string>> | undefined
  /** How long it waits where Step Functions asks it to slow down; not at all where nothing is said. */
  patience?: Patience
}

export function stepfunctionsMachines(settings: Settings): Machines {
  const { client, arnPrefix, roleArn, substitutions, logGroupArn, tags = {}, patience } = settings
  /** ARNs of existing machines, and until when that is assumed: another process may remove them. */
  const known = new Map<string, number>()
  const isKnown = (arn: string): boolean => (known.get(arn) ?? 0) > Date.now() - KNOWN_MILLISECONDS

  async function createUnlessThere(stateMachineArn: string, definition: string): Promise<void> {
    const describe = new DescribeStateMachineCommand({ stateMachineArn })
    // Asking is cheap; creating is limited to about one a second.
    const there = await unlessAws(['StateMachineDoesNotExist'], () => client.send(describe))
    // It is given back under the same name when it is gone.
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
    // The same name, definition and role once more is answered with the machine that is there.
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
      // Asking is twenty times cheaper than publishing, which would answer the same.
      const published = known !== undefined && machineArnOf(known) === stateMachineArn ? known : undefined
      if (published && (await revisionOf(client, published, patience)) === revision) return published
      return publishRevision(client, stateMachineArn, revision, patience)
    },

    async remove(machine, { evenBusy = false } = {}) {
      const stateMachineArn = machine.startsWith('arn:') ? machine : `${arnPrefix}${machine}`
      if (evenBusy) await stopAll(client, stateMachineArn, patience)
      else if (await isBusy(client, stateMachineArn, patience)) return false
      // One that is not there is deleted without a word.
      await patiently(patience, () => client.send(new DeleteStateMachineCommand({ stateMachineArn })))
      known.delete(stateMachineArn)
      return true
    },
  }
}

/** As the machines of a deployment. */
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
  // More than one page of them: the older ones may still be running.
  const running = new ListExecutionsCommand({ stateMachineArn, statusFilter: 'RUNNING', maxResults: 1 })
  return Boolean((await patiently(patience, () => client.send(running))).executions?.length)
}

/** A machine is gone only when nothing runs on it any more: left alone, a long wait would keep it for as long. */
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

/** What has succeeded is not redriven. */
function isRunningOrRedrivable({ status, stopDate }: ExecutionListItem): boolean {
  if (status === 'SUCCEEDED') return false
  return stopDate === undefined || stopDate.getTime() > Date.now() - REDRIVE_MILLISECONDS
}
