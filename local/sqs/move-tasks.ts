import { randomUUID } from 'node:crypto'
import { AwsError } from '../aws/errors.ts'
import type { EngineClock } from '../stepfunctions/run/clock.ts'
import { invalidValue } from './queue/errors.ts'
import type { Queue } from './queue/queue.ts'

type Status = 'RUNNING' | 'COMPLETED' | 'CANCELLING' | 'CANCELLED' | 'FAILED'
export type MoveTask = {
  handle: string
  source: Queue
  destination: Queue | undefined
  perSecond: number | undefined
  startedAt: number
  status: Status
  moved: number
  toMove: number
  failure?: string
}

type Surroundings = { clock: EngineClock; signal: AbortSignal; queues: () => Queue[] }

/** How many messages are moved before others have their turn. */
const AT_ONCE = 50
const MOST_LISTED = 10

/**
 * Moves the messages of a dead-letter queue back to where they came from, or elsewhere. Each move is stored at once; which tasks there
 * were is forgotten at a restart, and what was not moved then is still in the dead-letter queue.
 */
export class MoveTasks {
  readonly #surroundings: Surroundings
  /** The newest first. */
  readonly #tasks: MoveTask[] = []

  constructor(surroundings: Surroundings) {
    this.#surroundings = surroundings
  }

  /** Without a destination each message goes to the queue that it is a dead letter of. Throws while another task moves the same messages. */
  start(
    source: Queue,
    { destination, perSecond }: { destination?: Queue | undefined; perSecond?: number | undefined },
  ): MoveTask {
    const isDeadLetterQueue = this.#surroundings
      .queues()
      .some(({ settings }) => settings.redrive?.deadLetterTargetArn === source.arn)
    if (!isDeadLetterQueue)
      throw invalidValue('SourceArn', source.arn, 'Source queue must be configured as a Dead Letter Queue.')
    if (destination && (destination === source || destination.settings.fifo !== source.settings.fifo))
      throw invalidValue('DestinationArn', destination.arn, 'It must be another queue of the same type.')
    if (this.#tasks.some((task) => task.source === source && task.status === 'RUNNING'))
      throw new AwsError(
        'UnsupportedOperation',
        `There is already a task running. Only one active task is allowed for a source queue arn at a given time: ${source.arn}`,
      )
    const task: MoveTask = {
      handle: Buffer.from(JSON.stringify({ taskId: randomUUID(), sourceArn: source.arn })).toString('base64'),
      source,
      destination,
      perSecond,
      startedAt: this.#surroundings.clock.now(),
      status: 'RUNNING',
      moved: 0,
      toMove: [...source.messages()].length,
    }
    this.#tasks.unshift(task)
    void this.#run(task)
    return task
  }

  /** The newest first, at most `most` of them, which is at most ten. */
  list(source: Queue, most: number): MoveTask[] {
    return this.#tasks.filter((task) => task.source === source).slice(0, Math.min(most, MOST_LISTED))
  }

  /** The ARN of the queue whose messages a task moves. */
  sourceOf(handle: string): string {
    return this.#get(handle).source.arn
  }

  cancel(handle: string): MoveTask {
    const task = this.#get(handle)
    if (task.status !== 'RUNNING')
      throw new AwsError(
        'UnsupportedOperation',
        `The task is ${task.status}; only a running one can be cancelled`,
      )
    task.status = 'CANCELLING'
    return task
  }

  #get(handle: string): MoveTask {
    const task = this.#tasks.find((one) => one.handle === handle)
    if (task) return task
    throw new AwsError('ResourceNotFoundException', 'Task does not exist.', 404)
  }

  async #run(task: MoveTask): Promise<void> {
    const { clock, signal, queues } = this.#surroundings
    const targetOf = (sourceArn: string | undefined): Queue => {
      const target = task.destination ?? queues().find(({ arn }) => arn === sourceArn)
      if (target) return target
      throw new Error(`the queue ${String(sourceArn)}, from which a message came, does not exist any more`)
    }
    try {
      while (task.status === 'RUNNING' && task.moved < task.toMove && task.source.moveOne(targetOf)) {
        task.moved += 1
        if (task.perSecond !== undefined) await clock.sleep(1000 / task.perSecond, signal)
        else if (task.moved % AT_ONCE === 0) await new Promise((resolve) => setImmediate(resolve))
      }
      task.status = task.status === 'CANCELLING' ? 'CANCELLED' : 'COMPLETED'
    } catch (error) {
      task.status = 'FAILED'
      task.failure = (error as Error).message
    }
  }
}
