import { DynamoDBClient, ListTablesCommand } from '@aws-sdk/client-dynamodb'
import { ListBucketsCommand, S3Client } from '@aws-sdk/client-s3'
import {
  CreateStateMachineCommand,
  DescribeExecutionCommand,
  type DescribeExecutionCommandOutput,
  DescribeStateMachineCommand,
  ListStateMachinesCommand,
  SFNClient,
  StartExecutionCommand,
} from '@aws-sdk/client-sfn'
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import { nodeIds, systemClock } from '../../../functions/adapters/node-ids.ts'
import { s3BlobStore } from '../../../functions/adapters/s3/blob-store.ts'
import type { Json } from '../../../shared/domain/json.ts'
import type { Gate } from '../../../shared/domain/plan.ts'
import { executionName, type OpenTask } from '../../../shared/domain/task.ts'
import { validateWorkflow } from '../../../shared/workflow/validate-workflow.ts'
import { type TaskPorts, taskPorts } from '../../../testing/memory/task-ports.ts'

export type StoredWorkflow = {
  name: string
  steps: object
  output?: unknown
  definition: object
  gates?: Gate[]
}
export type StoredRun = { stateMachineArn: string; name: string; input: string }
export type StoredRuns = {
  ports: TaskPorts
  tasksTable: string
  sfn: SFNClient
  /** The role of the deployed machines. */
  roleArn: string
  /** The ARN of a workflow's machine, created on first use. */
  machineOf(workflow: StoredWorkflow): Promise<string>
  /** Creates the machine and stores plan and task, without starting it. */
  store(workflow: StoredWorkflow, input?: Json): Promise<StoredRun>
  /** Starts the execution; returns its ARN. */
  start(run: StoredRun): Promise<string>
  /** Resolves when the execution has ended; rejects after a time limit. */
  ended(executionArn: string, boundMilliseconds?: number): Promise<DescribeExecutionCommandOutput>
}

/** Polling costs time in the engine's thread: measurements set a longer interval. */
const POLL_MILLISECONDS = Number(process.env.ORCHESTRATOR_POLL_MILLISECONDS ?? 50)
const PREFIX = 'orchestrator'
const ACCOUNT = '000000000000'
const REGION = 'us-east-1'
const credentials = { accessKeyId: 'person', secretAccessKey: 'person' }
const functionArn = (name: string): string => `arn:aws:lambda:${REGION}:${ACCOUNT}:function:${PREFIX}-${name}`

/** Runs of workflows on a local cloud without the API: machines by definition, plans stored by hand. */
export async function storedRuns(awsUrl: string): Promise<StoredRuns> {
  const client = { endpoint: awsUrl, region: REGION, credentials }
  const sfn = new SFNClient(client)
  const dynamodb = DynamoDBDocumentClient.from(new DynamoDBClient(client), {
    marshallOptions: { removeUndefinedValues: true },
  })
  const { TableNames = [] } = await dynamodb.send(new ListTablesCommand({}))
  const table = String(TableNames.find((name) => /tasks/i.test(name)))
  const ids = nodeIds(systemClock)
  const s3 = new S3Client({ ...client, forcePathStyle: true })
  const blobs = s3BlobStore({ client: s3, bucket: await bucketOf(s3) })
  const ports = taskPorts({ client: dynamodb, table, blobs, digest: ids.digest })
  const roleArn = await roleOfMachines(sfn)

  const machines = new Map<string, Promise<string>>()
  const createMachine = async ({ name, definition }: StoredWorkflow): Promise<string> => {
    const text = JSON.stringify(definition)
      .replaceAll('${RebindFunction}', functionArn('rebind'))
      .replaceAll('${TasksTable}', table)
    const create = new CreateStateMachineCommand({ name: `${PREFIX}-${name}`, definition: text, roleArn })
    return String((await sfn.send(create)).stateMachineArn)
  }

  /** Cached: a machine is created once. */
  const machineOf = (workflow: StoredWorkflow): Promise<string> => {
    const known = machines.get(workflow.name) ?? createMachine(workflow)
    machines.set(workflow.name, known)
    return known
  }

  return {
    ports,
    tasksTable: table,
    sfn,
    roleArn,
    machineOf,
    async store(stored, input = {}) {
      const taskId = ids.makeId('t')
      const { workflow, issues } = validateWorkflow({
        name: stored.name,
        steps: stored.steps,
        ...(stored.output === undefined ? {} : { output: stored.output }),
      })
      if (!workflow) throw new Error(JSON.stringify(issues))
      const echo = { functionArn: functionArn('agent-echo'), agentId: 'echo', version: '1.0.0' }
      const bindings = Object.fromEntries(Object.keys(workflow.steps).map((id) => [id, echo]))
      const functions = Object.fromEntries(Object.keys(bindings).map((id) => [id, echo.functionArn]))
      const stateMachineArn = await machineOf(stored)
      const { gates = [] } = stored
      const plan = {
        taskId,
        requestDigest: '',
        stateMachineArn,
        tenant: 'default',
        metadata: {},
        workflow,
        input,
        bindings,
        decisions: [],
        gates,
      }
      await ports.plans.createPlan(plan)
      const task: OpenTask = {
        id: taskId,
        status: 'running',
        tenant: 'default',
        workflow: { name: stored.name, version: 1 },
        stateMachineArn,
        execution: 1,
        requestDigest: '',
        createdAt: new Date().toISOString(),
        metadata: {},
      }
      await ports.tasks.createTask(task)
      return { stateMachineArn, name: executionName(task), input: JSON.stringify({ taskId, functions }) }
    },
    async start(run) {
      return String((await sfn.send(new StartExecutionCommand(run))).executionArn)
    },
    async ended(executionArn, boundMilliseconds = 60_000) {
      for (const until = Date.now() + boundMilliseconds; Date.now() < until; ) {
        const execution = await sfn.send(new DescribeExecutionCommand({ executionArn }))
        if (execution.status !== 'RUNNING') return execution
        await new Promise((resolve) => setTimeout(resolve, POLL_MILLISECONDS))
      }
      throw new Error(`${executionArn} did not end`)
    },
  }
}

async function bucketOf(s3: S3Client): Promise<string> {
  const { Buckets = [] } = await s3.send(new ListBucketsCommand({}))
  // The other bucket is for access logs.
  return String(Buckets.find(({ Name }) => Name?.includes('-bucket'))?.Name)
}

async function roleOfMachines(sfn: SFNClient): Promise<string> {
  const { stateMachines = [] } = await sfn.send(new ListStateMachinesCommand({}))
  const stateMachineArn = stateMachines.find(({ name }) => name === `${PREFIX}-simple`)?.stateMachineArn
  const { roleArn } = await sfn.send(new DescribeStateMachineCommand({ stateMachineArn }))
  return String(roleArn)
}
