import { DynamoDBClient, ListTablesCommand } from '@aws-sdk/client-dynamodb'
import { DynamoDBDocumentClient, GetCommand, PutCommand } from '@aws-sdk/lib-dynamodb'
import { beforeAll, describe, expect, it } from 'vitest'
import { type SharedApi, sharedApi } from '../../support/cloud/shared-api.ts'
import { type Outcome, startCli as start } from '../../support/cloud/start-cli.ts'

let api: SharedApi
let taskId: string
beforeAll(async () => {
  api = await sharedApi()
  await api.submit('simple', { text: 'before' })
  taskId = await api.submit('simple', { text: 'x' })
  await api.call('POST', '/tasks/t_00000000000000000000000000/cancel', {})
})

const cli = (...args: string[]): Promise<Outcome> => start(args, { ORCHESTRATOR_URL: api.apiUrl }).outcome

describe('orchestrator audit', () => {
  it('shows who has changed what, the newest first', async () => {
    const { code, stdout } = await cli('audit', '--limit', '2')
    expect(code).toBe(0)
    expect(stdout).toMatch(new RegExp(`submitTask {2}done\\s+tasks/${taskId}\\s+local`))
    expect(stdout).toContain('more: npx orchestrator audit --limit 2 --from ')
    expect(Math.max(...stdout.split('\n').map((line) => line.length))).toBeLessThanOrEqual(80)
  })

  it('shows why a request was refused', async () => {
    // Other files of this process may have been refused alike in the same minute: then ours is counted in an entry of theirs.
    const { code, stdout } = await cli('audit', '--limit', '100', '--outcome', 'refused')
    expect(code).toBe(0)
    expect(stdout).toContain('cancelTask  refused NotFoundError')
  })

  it('goes on where a page has ended', async () => {
    const first = JSON.parse((await cli('audit', '--limit', '1', '--json')).stdout)
    const next = JSON.parse(
      (await cli('audit', '--limit', '1', '--from', String(first.next), '--json')).stdout,
    )
    expect(next.entries[0].sequence).toBe(first.entries[0].sequence - 1)
  })

  it('checks the chain, and names the entry that was altered, with exit code 1', async () => {
    const whole = await cli('audit', '--verify')
    expect(whole).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^\d+ entries, whole\nkeep its end elsewhere/),
    })
    const kept = /--kept\s+(\d+:\w{64})/.exec(whole.stdout)?.[1] ?? ''
    expect(await cli('audit', '--verify', '--kept', kept)).toMatchObject({ code: 0 })

    const credentials = { accessKeyId: 'local', secretAccessKey: 'local' }
    const dynamodb = new DynamoDBClient({ endpoint: api.awsUrl, region: 'us-east-1', credentials })
    const client = DynamoDBDocumentClient.from(dynamodb)
    const { TableNames = [] } = await dynamodb.send(new ListTablesCommand({}))
    const table = { TableName: TableNames.find((name) => /registry/i.test(name)) }
    const Key = { pk: 'AUDIT#default', sk: `ENTRY#${'1'.padStart(12, '0')}` }
    const { Item } = await client.send(new GetCommand({ ...table, Key }))
    const altered = JSON.stringify({ ...JSON.parse(Item?.json), subject: 'somebody-else' })
    await client.send(new PutCommand({ ...table, Item: { ...Item, json: altered } }))
    try {
      expect(await cli('audit', '--verify')).toMatchObject({
        code: 1,
        stderr: expect.stringContaining('the chain is broken at entry 1: its contents do not have its hash'),
      })
      expect(JSON.parse((await cli('audit', '--verify', '--json')).stdout)).toMatchObject({
        whole: false,
        entries: 0,
        fault: { sequence: 1 },
      })
    } finally {
      await client.send(new PutCommand({ ...table, Item }))
    }
  })

  it.each([
    [['--kept', 'x', '--verify'], '--kept is a number and a hash'],
    [['--kept', `1:${'0'.repeat(64)}`], '--kept is for --verify'],
    [['--limit', '101'], '--limit'],
  ])('refuses %j', async (args, message) => {
    expect(await cli('audit', ...args)).toMatchObject({ code: 2, stderr: expect.stringContaining(message) })
  })
})
