import {
  ChangeMessageVisibilityBatchCommand,
  ChangeMessageVisibilityCommand,
  CreateQueueCommand,
  DeleteMessageBatchCommand,
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  GetQueueUrlCommand,
  ListMessageMoveTasksCommand,
  ListQueuesCommand,
  PurgeQueueCommand,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  SendMessageCommand,
  SetQueueAttributesCommand,
  type SQSClient,
  StartMessageMoveTaskCommand,
} from '@aws-sdk/client-sqs'
import { describe, expect, it } from 'vitest'

type Server = { client: SQSClient /** Lets so much time pass. */; pass(milliseconds: number): Promise<void> }

let count = 0

/**
 * What SQS promises, asked by AWS's own client, which checks digests itself. Runs against the local cloud, and against an emulator of
 * others. `isStrict` also asks for what that emulator is known not to do.
 */
export function describeSqs(name: string, server: () => Server, { isStrict }: { isStrict: boolean }): void {
  const send: SQSClient['send'] = ((command: never) => server().client.send(command)) as SQSClient['send']
  const strictly = isStrict ? it : it.skip

  async function makeQueue(attributes: Record<string, string> = {}): Promise<string> {
    count += 1
    const QueueName = `q${count}-${Date.now()}${attributes.FifoQueue ? '.fifo' : ''}`
    const { QueueUrl } = await send(new CreateQueueCommand({ QueueName, Attributes: attributes }))
    return String(QueueUrl)
  }
  const arnOf = async (QueueUrl: string): Promise<string> => {
    const wanted = new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['QueueArn'] })
    return String((await send(wanted)).Attributes?.QueueArn)
  }
  const put = (QueueUrl: string, MessageBody: string, more: object = {}) =>
    send(new SendMessageCommand({ QueueUrl, MessageBody, ...more }))
  const take = async (QueueUrl: string, more: object = {}) => {
    const asked = {
      QueueUrl,
      MaxNumberOfMessages: 10,
      MessageSystemAttributeNames: ['All' as const],
      ...more,
    }
    return (await send(new ReceiveMessageCommand(asked))).Messages ?? []
  }
  const bodies = async (QueueUrl: string, more: object = {}) =>
    (await take(QueueUrl, more)).map(({ Body }) => Body)
  const drop = (QueueUrl: string, ReceiptHandle: string | undefined) =>
    send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle }))
  const FIFO = { FifoQueue: 'true', ContentBasedDeduplication: 'true' }

  describe(`${name}: a standard queue`, () => {
    it('delivers body and attributes, with digests that the SDK checks', async () => {
      const url = await makeQueue()
      const MessageAttributes = {
        text: { DataType: 'String', StringValue: 'Grüße 😀' },
        number: { DataType: 'Number', StringValue: '42' },
        bytes: { DataType: 'Binary', BinaryValue: new Uint8Array([0, 1, 255]) },
      }
      const { MessageId } = await put(url, 'hello', { MessageAttributes })
      const [message] = await take(url, { MessageAttributeNames: ['All'] })
      expect(message).toMatchObject({ MessageId, Body: 'hello', MessageAttributes })
      expect(message?.Attributes).toMatchObject({ ApproximateReceiveCount: '1' })
      expect(Number(message?.Attributes?.SentTimestamp)).toBeGreaterThan(0)
    })

    it('hides a received message until its visibility ends, and deletes it for good (sqs/Q1, sqs/Q2)', async () => {
      const url = await makeQueue({ VisibilityTimeout: '2' })
      await put(url, 'once')
      expect(await bodies(url)).toEqual(['once'])
      expect(await bodies(url)).toEqual([])
      await server().pass(2_100)
      const [again] = await take(url)
      expect(again?.Attributes?.ApproximateReceiveCount).toBe('2')
      await drop(url, again?.ReceiptHandle)
      await server().pass(2_100)
      expect(await bodies(url)).toEqual([])
    })

    it('delays a message, by itself or by the queue', async () => {
      const url = await makeQueue({ DelaySeconds: '1' })
      await put(url, 'by the queue')
      await put(url, 'later', { DelaySeconds: 3 })
      expect(await bodies(url)).toEqual([])
      await server().pass(1_100)
      expect(await bodies(url)).toEqual(['by the queue'])
      await server().pass(2_100)
      expect(await bodies(url)).toEqual(['later'])
    })

    it('waits for a message that comes, and not longer', async () => {
      const url = await makeQueue()
      const waiting = bodies(url, { WaitTimeSeconds: 5 })
      await put(url, 'came')
      expect(await waiting).toEqual(['came'])
    })

    it('changes the visibility of messages in flight', async () => {
      const url = await makeQueue()
      await put(url, 'back')
      const [first] = await take(url)
      const given = { QueueUrl: url, ReceiptHandle: first?.ReceiptHandle }
      await send(new ChangeMessageVisibilityCommand({ ...given, VisibilityTimeout: 0 }))
      const [second] = await take(url)
      expect(second?.MessageId).toBe(first?.MessageId)
      expect(second?.ReceiptHandle).not.toBe(first?.ReceiptHandle)
    })

    it('counts what is visible, in flight and delayed', async () => {
      const url = await makeQueue()
      for (const body of ['a', 'b', 'c']) await put(url, body)
      await put(url, 'd', { DelaySeconds: 60 })
      await take(url, { MaxNumberOfMessages: 1 })
      const { Attributes } = await send(
        new GetQueueAttributesCommand({ QueueUrl: url, AttributeNames: ['All'] }),
      )
      expect(Attributes).toMatchObject({
        ApproximateNumberOfMessages: '2',
        ApproximateNumberOfMessagesNotVisible: '1',
        ApproximateNumberOfMessagesDelayed: '1',
        VisibilityTimeout: '30',
        MessageRetentionPeriod: '345600',
      })
    })

    it('does batches, in which each entry fails by itself', async () => {
      const url = await makeQueue()
      const Entries = ['a', 'b'].map((Id) => ({ Id, MessageBody: `body ${Id}` }))
      const sent = await send(new SendMessageBatchCommand({ QueueUrl: url, Entries }))
      expect(sent.Successful?.map(({ Id }) => Id)).toEqual(['a', 'b'])
      const [one, two] = await take(url)
      const changed = await send(
        new ChangeMessageVisibilityBatchCommand({
          QueueUrl: url,
          Entries: [{ Id: 'a', ReceiptHandle: one?.ReceiptHandle, VisibilityTimeout: 60 }],
        }),
      )
      expect(changed.Successful).toHaveLength(1)
      const deleted = await send(
        new DeleteMessageBatchCommand({
          QueueUrl: url,
          Entries: [
            { Id: 'x', ReceiptHandle: one?.ReceiptHandle },
            { Id: 'y', ReceiptHandle: 'no handle' },
            { Id: 'z', ReceiptHandle: two?.ReceiptHandle },
          ],
        }),
      )
      expect(deleted.Successful?.map(({ Id }) => Id)).toEqual(['x', 'z'])
      expect(deleted.Failed).toMatchObject([{ Id: 'y', SenderFault: true, Code: 'ReceiptHandleIsInvalid' }])
    })

    it('has names, URLs and attributes', async () => {
      const url = await makeQueue({ VisibilityTimeout: '7' })
      const QueueName = String(url.split('/').at(-1))
      expect((await send(new GetQueueUrlCommand({ QueueName }))).QueueUrl).toBe(url)
      const listed = await send(new ListQueuesCommand({ QueueNamePrefix: QueueName }))
      expect(listed.QueueUrls).toEqual([url])
      await send(new SetQueueAttributesCommand({ QueueUrl: url, Attributes: { VisibilityTimeout: '9' } }))
      const AttributeNames = ['VisibilityTimeout' as const]
      const { Attributes } = await send(new GetQueueAttributesCommand({ QueueUrl: url, AttributeNames }))
      expect(Attributes).toEqual({ VisibilityTimeout: '9' })
    })

    it('is empty after a purge', async () => {
      const url = await makeQueue()
      await put(url, 'gone')
      await send(new PurgeQueueCommand({ QueueUrl: url }))
      expect(await bodies(url)).toEqual([])
    })
  })

  describe(`${name}: a FIFO queue`, () => {
    it('keeps the order of a group, whose messages wait while one is in flight (sqs/Q3)', async () => {
      const url = await makeQueue(FIFO)
      for (const body of ['a1', 'b1', 'a2', 'b2']) await put(url, body, { MessageGroupId: body.slice(0, 1) })
      const [first] = await take(url, { MaxNumberOfMessages: 1 })
      expect(first?.Body).toBe('a1')
      expect(await bodies(url)).toEqual(['b1', 'b2'])
      expect(await bodies(url)).toEqual([])
      await drop(url, first?.ReceiptHandle)
      expect(await bodies(url)).toEqual(['a2'])
    })

    it('brings a message back before those behind it', async () => {
      const url = await makeQueue({ ...FIFO, VisibilityTimeout: '1' })
      for (const body of ['1', '2', '3']) await put(url, body, { MessageGroupId: 'g' })
      expect(await bodies(url, { MaxNumberOfMessages: 2 })).toEqual(['1', '2'])
      await server().pass(1_100)
      expect(await bodies(url)).toEqual(['1', '2', '3'])
    })

    it('numbers messages in their order, and names group and id', async () => {
      const url = await makeQueue(FIFO)
      const sent = [
        await put(url, '1', { MessageGroupId: 'g' }),
        await put(url, '2', { MessageGroupId: 'h' }),
      ]
      const numbers = sent.map(({ SequenceNumber }) => BigInt(String(SequenceNumber)))
      expect((numbers[0] as bigint) < (numbers[1] as bigint)).toBe(true)
      const [first] = await take(url, { MaxNumberOfMessages: 1 })
      expect(first?.Attributes).toMatchObject({
        MessageGroupId: 'g',
        MessageDeduplicationId: '6b86b273ff34fce19d6b804eff5a3f5747ada4eaa22f1d49c01e52ddb7875b4b',
        SequenceNumber: sent[0]?.SequenceNumber,
      })
    })

    it('accepts a message once, also when it was deleted (sqs/Q4)', async () => {
      const url = await makeQueue(FIFO)
      const one = await put(url, 'same', { MessageGroupId: 'g' })
      const [message] = await take(url)
      await drop(url, message?.ReceiptHandle)
      const two = await put(url, 'same', { MessageGroupId: 'g' })
      expect(two.MessageId).toBe(one.MessageId)
      await put(url, 'other', { MessageGroupId: 'g', MessageDeduplicationId: 'id' })
      await put(url, 'repeated', { MessageGroupId: 'g', MessageDeduplicationId: 'id' })
      expect(await bodies(url)).toEqual(['other'])
    })

    it('can count repetitions by group', async () => {
      const url = await makeQueue({
        ...FIFO,
        DeduplicationScope: 'messageGroup',
        FifoThroughputLimit: 'perMessageGroupId',
      })
      await put(url, 'same', { MessageGroupId: 'g' })
      await put(url, 'same', { MessageGroupId: 'h' })
      await put(url, 'same', { MessageGroupId: 'h' })
      expect(await bodies(url)).toEqual(['same', 'same'])
    })
  })

  describe(`${name}: dead letters`, () => {
    const withDeadLetters = async (attributes: Record<string, string>) => {
      const deadLetters = await makeQueue(attributes)
      const deadLetterTargetArn = await arnOf(deadLetters)
      const RedrivePolicy = JSON.stringify({ deadLetterTargetArn, maxReceiveCount: 1 })
      const url = await makeQueue({ ...attributes, RedrivePolicy, VisibilityTimeout: '1' })
      return { deadLetters, url, deadLetterTargetArn }
    }

    const comesBack = async (url: string, deadLetterTargetArn: string): Promise<void> => {
      await send(new StartMessageMoveTaskCommand({ SourceArn: deadLetterTargetArn }))
      const wanted = new ListMessageMoveTasksCommand({ SourceArn: deadLetterTargetArn })
      await expect
        .poll(async () => (await send(wanted)).Results?.[0])
        .toMatchObject({ Status: 'COMPLETED', ApproximateNumberOfMessagesMoved: 1 })
      expect(await bodies(url)).toEqual(['bad'])
    }

    it.each([
      ['standard', {}, {}],
      ['FIFO', FIFO, { MessageGroupId: 'g' }],
    ])(
      'of a %s queue are what was received too often, and come back when they are moved (sqs/Q5)',
      async (_kind, attributes, more) => {
        const { deadLetters, url, deadLetterTargetArn } = await withDeadLetters(attributes)
        await put(url, 'bad', more)
        const [failed] = await take(url)
        await server().pass(1_100)
        expect(await bodies(url)).toEqual([])
        const [letter] = await take(deadLetters, { VisibilityTimeout: 0 })
        expect(letter).toMatchObject({ Body: 'bad', MessageId: failed?.MessageId })
        expect(letter?.Attributes).toMatchObject({ DeadLetterQueueSourceArn: await arnOf(url), ...more })
        if (isStrict) await comesBack(url, deadLetterTargetArn)
      },
    )
  })

  describe(`${name}: what is refused`, () => {
    const nowhere = 'https://sqs.us-east-1.amazonaws.com/000000000000/nowhere'
    const nameOf = async (asking: Promise<unknown>): Promise<string> =>
      asking.then(
        () => 'accepted',
        (error: { name: string; Code?: string }) => error.name,
      )

    it('has the names that AWS gives', async () => {
      const [url, fifo] = [await makeQueue(), await makeQueue({ FifoQueue: 'true' })]
      const entries = (ids: string[]) => ids.map((Id) => ({ Id, MessageBody: 'x' }))
      const batch = (Entries: { Id: string; MessageBody: string }[]) =>
        send(new SendMessageBatchCommand({ QueueUrl: url, Entries }))
      expect(await nameOf(send(new GetQueueUrlCommand({ QueueName: 'nowhere' })))).toBe('QueueDoesNotExist')
      expect(await nameOf(batch(entries([])))).toBe('EmptyBatchRequest')
      expect(await nameOf(batch(entries(['a', 'a'])))).toBe('BatchEntryIdsNotDistinct')
      expect(await nameOf(batch(entries(Array.from({ length: 11 }, (_, at) => `i${at}`))))).toBe(
        'TooManyEntriesInBatchRequest',
      )
      expect(await nameOf(drop(url, 'no handle'))).toBe('ReceiptHandleIsInvalid')
      expect(await nameOf(put(fifo, 'no group'))).toMatch(/MissingParameter|MissingRequiredParameter/)
      expect(await nameOf(put(fifo, 'no id', { MessageGroupId: 'g' }))).toMatch(/InvalidParameterValue/)
      expect(await nameOf(put(url, 'a\u0000b'))).toBe('InvalidMessageContents')
    })

    strictly('also where it is about values and limits', async () => {
      const url = await makeQueue()
      const mebibyte = 1_048_576
      const tooLong = ['a', 'b'].map((Id) => ({ Id, MessageBody: 'x'.repeat(mebibyte / 2 + 1) }))
      expect(await nameOf(put(url, 'x'.repeat(mebibyte)))).toBe('accepted')
      expect(await nameOf(put(url, 'x'.repeat(mebibyte + 1)))).toBe('InvalidParameterValue')
      expect(await nameOf(send(new SendMessageBatchCommand({ QueueUrl: url, Entries: tooLong })))).toBe(
        'BatchRequestTooLong',
      )
      expect(await nameOf(take(nowhere))).toBe('QueueDoesNotExist')
      expect(await nameOf(take(url, { MaxNumberOfMessages: 11 }))).toBe('InvalidParameterValue')
      expect(await nameOf(take(url, { WaitTimeSeconds: 21 }))).toBe('InvalidParameterValue')
      expect(await nameOf(put(url, 'x', { DelaySeconds: 901 }))).toBe('InvalidParameterValue')
      expect(await nameOf(put(url, 'x', { MessageDeduplicationId: 'i' }))).toBe('InvalidParameterValue')
      const wrong = { VisibilityTimeout: '43201' }
      expect(await nameOf(send(new SetQueueAttributesCommand({ QueueUrl: url, Attributes: wrong })))).toBe(
        'InvalidAttributeValue',
      )
      const unknown: Record<string, string> = { Colour: 'red' }
      expect(await nameOf(send(new SetQueueAttributesCommand({ QueueUrl: url, Attributes: unknown })))).toBe(
        'InvalidAttributeName',
      )
    })

    strictly('and where it is about receipts (sqs/Q6)', async () => {
      const [url, fifo] = [
        await makeQueue({ VisibilityTimeout: '1' }),
        await makeQueue({ ...FIFO, VisibilityTimeout: '1' }),
      ]
      await put(url, 'x')
      await put(fifo, 'x', { MessageGroupId: 'g' })
      const [[one], [two]] = [await take(url), await take(fifo)]
      await server().pass(1_100)
      const change = new ChangeMessageVisibilityCommand({
        QueueUrl: url,
        ReceiptHandle: one?.ReceiptHandle,
        VisibilityTimeout: 5,
      })
      expect(await nameOf(send(change))).toBe('MessageNotInflight')
      expect(await nameOf(drop(fifo, two?.ReceiptHandle))).toBe('InvalidParameterValue')
      expect(await bodies(fifo)).toEqual(['x'])
      await send(new PurgeQueueCommand({ QueueUrl: url }))
      expect(await nameOf(send(new PurgeQueueCommand({ QueueUrl: url })))).toBe('PurgeQueueInProgress')
    })
  })
}
