import {
  CreateStateMachineCommand,
  DeleteStateMachineCommand,
  DeleteStateMachineVersionCommand,
  DescribeExecutionCommand,
  DescribeStateMachineCommand,
  DescribeStateMachineForExecutionCommand,
  GetExecutionHistoryCommand,
  ListExecutionsCommand,
  ListStateMachinesCommand,
  ListStateMachineVersionsCommand,
  PublishStateMachineVersionCommand,
  RedriveExecutionCommand,
  SendTaskFailureCommand,
  SendTaskHeartbeatCommand,
  SendTaskSuccessCommand,
  type SFNClient,
  StartExecutionCommand,
  StopExecutionCommand,
  UpdateStateMachineCommand,
  ValidateStateMachineDefinitionCommand,
} from '@aws-sdk/client-sfn'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type LocalApi, startApi } from '../../support/cloud/local-api.ts'
import { type StoredRuns, storedRuns } from '../../support/stores/stored-runs.ts'

let api: LocalApi
let runs: StoredRuns
let sfn: SFNClient
let roleArn = ''
beforeAll(async () => {
  api = await startApi()
  runs = await storedRuns(api.awsUrl)
  sfn = runs.sfn
  roleArn = runs.roleArn
})
afterAll(() => api.stop())

const definitionOf = (states: Record<string, object>): string =>
  JSON.stringify({ QueryLanguage: 'JSONata', StartAt: Object.keys(states)[0], States: states })
const pass = definitionOf({ P: { Type: 'Pass', End: true } })

let count = 0
async function create(definition: string): Promise<string> {
  const name = `machine${++count}`
  return String(
    (await sfn.send(new CreateStateMachineCommand({ name, definition, roleArn }))).stateMachineArn,
  )
}
const start = async (stateMachineArn: string, input: object = {}, name?: string) =>
  String(
    (await sfn.send(new StartExecutionCommand({ stateMachineArn, input: JSON.stringify(input), name })))
      .executionArn,
  )

describe('the local Step Functions, through the SDK', () => {
  it('publishes immutable versions, one for each revision', async () => {
    const stateMachineArn = await create(pass)
    const publish = async () =>
      (await sfn.send(new PublishStateMachineVersionCommand({ stateMachineArn }))).stateMachineVersionArn
    expect(await publish()).toBe(`${stateMachineArn}:1`)
    expect(await publish()).toBe(`${stateMachineArn}:1`)
    const other = definitionOf({ Q: { Type: 'Pass', End: true } })
    await sfn.send(new UpdateStateMachineCommand({ stateMachineArn, definition: other }))
    expect(await publish()).toBe(`${stateMachineArn}:2`)
    await expect(
      sfn.send(new PublishStateMachineVersionCommand({ stateMachineArn, revisionId: 'another' })),
    ).rejects.toMatchObject({ name: 'ConflictException' })

    const executionArn = await start(`${stateMachineArn}:1`)
    expect(executionArn).not.toContain(':1:')
    const { definition } = await sfn.send(new DescribeStateMachineForExecutionCommand({ executionArn }))
    expect(definition).toBe(pass)
    expect(await sfn.send(new DescribeExecutionCommand({ executionArn }))).toMatchObject({
      stateMachineArn,
      stateMachineVersionArn: `${stateMachineArn}:1`,
    })
    const list = async () =>
      (await sfn.send(new ListStateMachineVersionsCommand({ stateMachineArn }))).stateMachineVersions?.map(
        (version) => version.stateMachineVersionArn,
      )
    expect(await list()).toEqual([`${stateMachineArn}:2`, `${stateMachineArn}:1`])
    const first = { stateMachineVersionArn: `${stateMachineArn}:1` }
    await sfn.send(new DeleteStateMachineVersionCommand(first))
    await sfn.send(new DeleteStateMachineVersionCommand(first))
    expect(await list()).toEqual([`${stateMachineArn}:2`])
    await expect(start(`${stateMachineArn}:1`)).rejects.toMatchObject({ name: 'StateMachineDoesNotExist' })
  })

  it('creates, updates, describes, lists and deletes machines', async () => {
    const stateMachineArn = await create(pass)
    expect(await create(pass)).not.toBe(stateMachineArn)
    const described = await sfn.send(new DescribeStateMachineCommand({ stateMachineArn }))
    expect(described).toMatchObject({ definition: pass, roleArn, status: 'ACTIVE', type: 'STANDARD' })
    const again = new CreateStateMachineCommand({ name: String(described.name), definition: pass, roleArn })
    expect((await sfn.send(again)).stateMachineArn).toBe(stateMachineArn)
    const other = definitionOf({ Q: { Type: 'Pass', End: true } })
    await expect(
      sfn.send(new CreateStateMachineCommand({ name: String(described.name), definition: other, roleArn })),
    ).rejects.toMatchObject({ name: 'StateMachineAlreadyExists' })

    const executionArn = await start(stateMachineArn)
    const updated = await sfn.send(new UpdateStateMachineCommand({ stateMachineArn, definition: other }))
    expect(updated.updateDate).toBeInstanceOf(Date)
    expect((await sfn.send(new DescribeStateMachineForExecutionCommand({ executionArn }))).definition).toBe(
      pass,
    )
    const page = await sfn.send(new ListStateMachinesCommand({ maxResults: 2 }))
    expect(page.stateMachines).toHaveLength(2)
    const next = await sfn.send(new ListStateMachinesCommand({ nextToken: page.nextToken }))
    expect(next.stateMachines?.length).toBeGreaterThan(3)

    await sfn.send(new DeleteStateMachineCommand({ stateMachineArn }))
    await expect(sfn.send(new DescribeStateMachineCommand({ stateMachineArn }))).rejects.toMatchObject({
      name: 'StateMachineDoesNotExist',
    })
  })

  it('refuses a definition with every reason, and validates without creating', async () => {
    const bad = definitionOf({ P: { Type: 'Pass', Next: 'Nowhere', InputPath: '$.x' } })
    await expect(create(bad)).rejects.toMatchObject({
      name: 'InvalidDefinition',
      message: expect.stringMatching(/InputPath belongs to JSONPath.*"Nowhere" is not a state/),
    })
    const validate = async (definition: string) =>
      sfn.send(new ValidateStateMachineDefinitionCommand({ definition }))
    expect(await validate(pass)).toMatchObject({ result: 'OK', diagnostics: [] })
    const { result, diagnostics } = await validate(bad)
    expect({ result, count: diagnostics?.length }).toEqual({ result: 'FAIL', count: 2 })
    expect(await validate('no json')).toMatchObject({ result: 'FAIL' })
    await expect(
      create(JSON.stringify({ StartAt: 'P', States: { P: { Type: 'Pass', End: true } } })),
    ).rejects.toThrow(/JSONPath \(AWS's default\) is not supported/)
  })

  it('starts an execution once by name and input', async () => {
    const stateMachineArn = await create(definitionOf({ W: { Type: 'Wait', Seconds: 1_000, End: true } }))
    const executionArn = await start(stateMachineArn, { a: 1 }, 'once')
    expect(await start(stateMachineArn, { a: 1 }, 'once')).toBe(executionArn)
    await expect(start(stateMachineArn, { a: 2 }, 'once')).rejects.toMatchObject({
      name: 'ExecutionAlreadyExists',
    })
    await sfn.send(new StopExecutionCommand({ executionArn, error: 'Mine', cause: 'why' }))
    expect(await runs.ended(executionArn)).toMatchObject({ status: 'ABORTED', error: 'Mine', cause: 'why' })
    await expect(start(stateMachineArn, { a: 1 }, 'once')).rejects.toMatchObject({
      name: 'ExecutionAlreadyExists',
    })
    await expect(
      sfn.send(new StartExecutionCommand({ stateMachineArn, input: 'no json' })),
    ).rejects.toMatchObject({ name: 'InvalidExecutionInput' })
  })

  it('lists executions by status, in pages', async () => {
    const stateMachineArn = await create(pass)
    for (let n = 0; n < 5; n++) await runs.ended(await start(stateMachineArn))
    const first = await sfn.send(new ListExecutionsCommand({ stateMachineArn, maxResults: 3 }))
    const { nextToken } = first
    const second = await sfn.send(new ListExecutionsCommand({ stateMachineArn, maxResults: 3, nextToken }))
    expect([first.executions?.length, second.executions?.length, second.nextToken]).toEqual([3, 2, undefined])
    const running = new ListExecutionsCommand({ stateMachineArn, statusFilter: 'RUNNING' })
    expect((await sfn.send(running)).executions).toEqual([])
  })

  it('pages the history, forwards and backwards', async () => {
    const stateMachineArn = await create(
      definitionOf({ A: { Type: 'Pass', Next: 'B' }, B: { Type: 'Pass', Output: 'done', End: true } }),
    )
    const executionArn = await start(stateMachineArn)
    await runs.ended(executionArn)
    const ids: number[] = []
    let nextToken: string | undefined
    do {
      const page = await sfn.send(new GetExecutionHistoryCommand({ executionArn, maxResults: 2, nextToken }))
      ids.push(...(page.events ?? []).map(({ id }) => Number(id)))
      nextToken = page.nextToken
    } while (nextToken)
    expect(ids).toEqual([1, 2, 3, 4, 5, 6])
    const back = await sfn.send(
      new GetExecutionHistoryCommand({ executionArn, reverseOrder: true, maxResults: 1 }),
    )
    expect(back.events?.[0]).toMatchObject({
      type: 'ExecutionSucceeded',
      timestamp: expect.any(Date),
      executionSucceededEventDetails: { output: '"done"' },
    })
  })

  it('handles task tokens: success, failure, heartbeat, and tokens of tasks that are over', async () => {
    const waiting = definitionOf({
      W: {
        Type: 'Task',
        Resource: 'arn:aws:states:::aws-sdk:dynamodb:updateItem.waitForTaskToken',
        Arguments: {
          TableName: runs.tasksTable,
          Key: { pk: { S: 'TASK#x' }, sk: { S: 'TOKEN' } },
          UpdateExpression: 'SET tok = :t',
          ExpressionAttributeValues: { ':t': { S: '{% $states.context.Task.Token %}' } },
        },
        HeartbeatSeconds: 600,
        End: true,
      },
    })
    const stateMachineArn = await create(waiting)
    const tokenOf = async (executionArn: string): Promise<string> => {
      const { events = [] } = await sfn.send(new GetExecutionHistoryCommand({ executionArn }))
      const scheduled = events.find(({ type }) => type === 'TaskScheduled')?.taskScheduledEventDetails
      type Sent = { ExpressionAttributeValues: { ':t': { S: string } } }
      return (JSON.parse(scheduled?.parameters ?? '') as Sent).ExpressionAttributeValues[':t'].S
    }
    const good = await start(stateMachineArn)
    await expect.poll(() => tokenOf(good).catch(() => '')).not.toBe('')
    const taskToken = await tokenOf(good)
    await sfn.send(new SendTaskHeartbeatCommand({ taskToken }))
    await expect(
      sfn.send(new SendTaskSuccessCommand({ taskToken, output: 'no json' })),
    ).rejects.toMatchObject({
      name: 'InvalidOutput',
    })
    await sfn.send(new SendTaskSuccessCommand({ taskToken, output: '{"ok":true}' }))
    expect(await runs.ended(good)).toMatchObject({ status: 'SUCCEEDED', output: '{"ok":true}' })
    await expect(sfn.send(new SendTaskHeartbeatCommand({ taskToken }))).rejects.toMatchObject({
      name: 'TaskTimedOut',
    })
    await expect(sfn.send(new SendTaskHeartbeatCommand({ taskToken: 'x' }))).rejects.toMatchObject({
      name: 'InvalidToken',
    })

    const bad = await start(stateMachineArn)
    await expect.poll(() => tokenOf(bad).catch(() => '')).not.toBe('')
    await sfn.send(new SendTaskFailureCommand({ taskToken: await tokenOf(bad), error: 'Mine', cause: 'why' }))
    expect(await runs.ended(bad)).toMatchObject({ status: 'FAILED', error: 'Mine', cause: 'why' })
  })

  it('redrives an execution, and says how often', async () => {
    const stateMachineArn = await create(
      definitionOf({
        C: {
          Type: 'Choice',
          Choices: [{ Condition: '{% $states.context.Execution.RedriveCount > 0 %}', Next: 'P' }],
          Default: 'F',
        },
        P: { Type: 'Pass', End: true },
        F: { Type: 'Fail', Error: 'Mine' },
      }),
    )
    const executionArn = await start(stateMachineArn)
    expect(await runs.ended(executionArn)).toMatchObject({ status: 'FAILED', redriveStatus: 'REDRIVABLE' })
    expect((await sfn.send(new RedriveExecutionCommand({ executionArn }))).redriveDate).toBeInstanceOf(Date)
    // The Fail state is entered again; the states before it are not.
    expect(await runs.ended(executionArn)).toMatchObject({ status: 'FAILED', redriveCount: 1 })
    const fine = await start(await create(pass))
    await runs.ended(fine)
    await expect(sfn.send(new RedriveExecutionCommand({ executionArn: fine }))).rejects.toMatchObject({
      name: 'ExecutionNotRedrivable',
    })
  })

  it('calls DynamoDB with the machine’s role, and names its errors as the SDK integration does', async () => {
    const update = (more: object) =>
      definitionOf({
        U: {
          Type: 'Task',
          Resource: 'arn:aws:states:::aws-sdk:dynamodb:updateItem',
          Arguments: {
            TableName: runs.tasksTable,
            Key: { pk: { S: 'TASK#x' }, sk: { S: 'NOTE' } },
            UpdateExpression: 'SET note = :n',
            ExpressionAttributeValues: { ':n': { S: '{% $states.input.note %}' } },
            ReturnValues: 'ALL_NEW',
            ...more,
          },
          End: true,
        },
      })
    const ran = await runs.ended(await start(await create(update({})), { note: 'hello' }))
    expect(JSON.parse(ran.output ?? '')).toMatchObject({ Attributes: { note: { S: 'hello' } } })
    const refused = await create(update({ ConditionExpression: 'attribute_not_exists(pk)' }))
    expect(await runs.ended(await start(refused, { note: 'again' }))).toMatchObject({
      error: 'DynamoDb.ConditionalCheckFailedException',
      cause: expect.stringContaining('The conditional request failed (Service: DynamoDb, Status Code: 400'),
    })
    const denied = await create(
      definitionOf({
        D: {
          Type: 'Task',
          Resource: 'arn:aws:states:::aws-sdk:dynamodb:deleteItem',
          Arguments: { TableName: runs.tasksTable, Key: { pk: { S: 'TASK#x' }, sk: { S: 'NOTE' } } },
          End: true,
        },
      }),
    )
    expect(await runs.ended(await start(denied))).toMatchObject({
      error: 'DynamoDb.AccessDeniedException',
      cause: expect.stringMatching(
        /not authorized to perform: dynamodb:DeleteItem on resource: arn:aws:dynamodb:/,
      ),
    })
  })

  it('answers malformed calls with a ValidationException, never with a fault', async () => {
    const call = async (action: string, body: unknown) => {
      const headers = {
        'x-amz-target': `AWSStepFunctions.${action}`,
        'content-type': 'application/x-amz-json-1.0',
      }
      const response = await fetch(api.awsUrl, { method: 'POST', headers, body: JSON.stringify(body) })
      return `${response.status} ${((await response.json()) as { __type: string }).__type}`
    }
    const stateMachineArn = await create(pass)
    const executionArn = await start(stateMachineArn)
    for (const [action, body] of [
      ['StartExecution', { stateMachineArn: 5 }],
      ['StartExecution', { stateMachineArn, input: 'x'.repeat(300_000) }],
      ['ListExecutions', {}],
      ['ListExecutions', { stateMachineArn, maxResults: 1.5 }],
      ['ListExecutions', { stateMachineArn, statusFilter: {} }],
      ['StopExecution', { executionArn, error: {} }],
      ['CreateStateMachine', { name: 'x', definition: pass }],
    ] as const) {
      expect(`${action} ${await call(action, body)}`).toBe(`${action} 400 ValidationException`)
    }
    expect(await call('StartExecution', { stateMachineArn, name: 'a:b c' })).toBe('400 InvalidName')
    expect(await call('constructor', {})).toBe('400 UnknownOperationException')
    expect(await call('StartExecution', null)).toBe('400 SerializationException')
  })

  it('answers bad calls as AWS does', async () => {
    await expect(start('arn:aws:states:us-east-1:000000000000:stateMachine:none')).rejects.toMatchObject({
      name: 'StateMachineDoesNotExist',
    })
    const executionArn = 'arn:aws:states:us-east-1:000000000000:execution:none:none'
    await expect(sfn.send(new DescribeExecutionCommand({ executionArn }))).rejects.toMatchObject({
      name: 'ExecutionDoesNotExist',
    })
    await expect(
      sfn.send(new CreateStateMachineCommand({ name: 'a b', definition: pass, roleArn })),
    ).rejects.toMatchObject({ name: 'InvalidName' })
  })
})
