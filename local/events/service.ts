import { randomUUID } from 'node:crypto'
import { AwsError } from '../aws/errors.ts'
import { type DeadLetter, DeliveryFailed } from './dead-letter.ts'
import { matchesPattern } from './match-pattern.ts'
import { validatePattern } from './validate-pattern.ts'

export type Target = { arn: string; maximumRetryAttempts: number; deadLetterArn: string | undefined }
export type Rule = {
  name: string
  arn: string
  bus: string
  pattern?: Record<string, unknown> | undefined
  /** Milliseconds between firings of a schedule. */
  everyMilliseconds?: number | undefined
  targets: Target[]
}

/** Delivers to a target by ARN; rejects, best with DeliveryFailed, when the target did not accept the event. */
export type Deliver = (arn: string, event: Record<string, unknown>, ruleArn: string) => Promise<void>
export type Entry = {
  Source?: string
  DetailType?: string
  Detail?: string
  EventBusName?: string
  Time?: number
  Resources?: string[]
}
type Settings = {
  account: string
  region: string
  deliver: Deliver
  /** Without a queue the event is lost. */
  deadLetter: (queueArn: string | undefined, letter: DeadLetter) => void
}

/** The back-off between deliveries. AWS retries for hours; on a laptop a few attempts over seconds are enough. */
const RETRY_MILLISECONDS = [100, 500, 2_000]
/** The first firing of a schedule is delayed, so that it does not compete with the start of the local cloud. */
const FIRST_MILLISECONDS = 1_500
const DEFAULT_BUS = 'default'

/** Buses, rules and schedules: EventBridge without its wire protocol. */
export class EventsService {
  readonly #settings: Settings
  readonly #buses = new Set([DEFAULT_BUS])
  readonly #rules: Rule[] = []
  readonly #timers: NodeJS.Timeout[] = []
  readonly #underWay = new Set<Promise<void>>()
  #stopped = false

  constructor(settings: Settings) {
    this.#settings = settings
  }

  putBus(name: string): void {
    this.#buses.add(name)
  }

  /** Throws for a pattern that EventBridge would refuse. */
  putRule(rule: Rule): void {
    if (rule.pattern) validatePattern(rule.pattern, `the event pattern of ${rule.name}`)
    this.#rules.push(rule)
  }

  /** Starts the schedules; each fires soon, because it may be overdue after a time in which nothing ran. */
  startSchedules(): void {
    for (const rule of this.#rules.filter(({ everyMilliseconds }) => everyMilliseconds)) {
      this.#timers.push(setTimeout(() => this.#fire(rule), FIRST_MILLISECONDS).unref())
      this.#timers.push(setInterval(() => this.#fire(rule), rule.everyMilliseconds).unref())
    }
  }

  /** PutEvents: each entry is accepted or refused on its own. */
  putEvents(entries: readonly Entry[]): { FailedEntryCount: number; Entries: object[] } {
    const outcomes = entries.map((entry) => this.#accept(entry))
    return {
      FailedEntryCount: outcomes.filter((outcome) => 'ErrorCode' in outcome).length,
      Entries: outcomes,
    }
  }

  /**
   * Publishes an event of an AWS service on the default bus. Resolves when every target, or its dead-letter queue, has it;
   * rejects when the bus was stopped before that.
   */
  async publishAws(source: string, detailType: string, detail: object): Promise<void> {
    await this.#route(DEFAULT_BUS, this.#envelope({ source, detailType, detail, resources: [] }))
  }

  /** Accepts no more events; deliveries in progress do not become dead letters. */
  close(): void {
    this.#stopped = true
  }

  async stop(): Promise<void> {
    this.close()
    for (const timer of this.#timers) clearInterval(timer)
    await Promise.allSettled(this.#underWay)
  }

  #accept({
    Source,
    DetailType,
    Detail,
    EventBusName = DEFAULT_BUS,
    Resources = [],
  }: Entry): { EventId: string } | { ErrorCode: string; ErrorMessage: string } {
    const bus = EventBusName.split('/').at(-1) ?? ''
    if (!this.#buses.has(bus))
      throw new AwsError('ResourceNotFoundException', `Event bus ${bus} does not exist.`)
    if (!Source || !DetailType || Detail === undefined) {
      return { ErrorCode: 'InvalidArgument', ErrorMessage: 'Source, DetailType and Detail are required.' }
    }
    let detail: unknown
    try {
      detail = JSON.parse(Detail)
    } catch {
      return { ErrorCode: 'MalformedDetail', ErrorMessage: 'Detail is malformed.' }
    }
    const event = this.#envelope({ source: Source, detailType: DetailType, detail, resources: Resources })
    this.#route(bus, event).catch(() => {})
    return { EventId: event.id }
  }

  #envelope({
    source,
    detailType,
    detail,
    resources,
  }: {
    source: string
    detailType: string
    detail: unknown
    resources: string[]
  }) {
    const { account, region } = this.#settings
    const time = new Date().toISOString()
    return {
      version: '0',
      id: randomUUID(),
      'detail-type': detailType,
      source,
      account,
      time,
      region,
      resources,
      detail,
    }
  }

  async #route(bus: string, event: Record<string, unknown>): Promise<void> {
    const matching = this.#rules.filter(
      (rule) => rule.bus === bus && rule.pattern && matchesPattern(rule.pattern, event),
    )
    await Promise.all(matching.map((rule) => this.#send(rule, event)))
  }

  #fire(rule: Rule): void {
    const detailType = 'Scheduled Event'
    const event = this.#envelope({ source: 'aws.events', detailType, detail: {}, resources: [] })
    this.#send(rule, event).catch(() => {})
  }

  async #send(rule: Rule, event: Record<string, unknown>): Promise<void> {
    const deliveries = rule.targets.map((target) => this.#deliver(rule, target, event))
    for (const delivery of deliveries) {
      this.#underWay.add(delivery)
      const done = (): boolean => this.#underWay.delete(delivery)
      delivery.then(done, done)
    }
    await Promise.all(deliveries)
  }

  async #deliver(
    { arn: ruleArn }: Rule,
    { arn, maximumRetryAttempts, deadLetterArn }: Target,
    event: Record<string, unknown>,
  ): Promise<void> {
    const tries = [0, ...RETRY_MILLISECONDS.slice(0, maximumRetryAttempts)]
    let failure = new DeliveryFailed('INTERNAL_ERROR', '')
    let retries = -1
    for (const wait of tries) {
      if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait))
      if (this.#stopped) throw new Error('the bus was stopped')
      retries += 1
      try {
        await this.#settings.deliver(arn, event, ruleArn)
        return
      } catch (error) {
        failure =
          error instanceof DeliveryFailed ? error : new DeliveryFailed('ERROR_FROM_TARGET', messageOf(error))
      }
      if (failure.isFinal) break
    }
    if (this.#stopped) throw new Error('the bus was stopped')
    const { code, message, isFinal } = failure
    const letter = { event, ruleArn, targetArn: arn, code, message, retries, isFinal }
    this.#settings.deadLetter(deadLetterArn, letter)
  }
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

/** `rate(5 minutes)` in milliseconds; undefined for an expression that is no rate. */
export function parseRate(expression: string | undefined): number | undefined {
  const match = /^rate\((\d+) (minute|hour|day)s?\)$/.exec(expression ?? '')
  const unit = { minute: 60_000, hour: 3_600_000, day: 86_400_000 }[match?.[2] ?? '']
  return match?.[1] && unit ? Number(match[1]) * unit : undefined
}
