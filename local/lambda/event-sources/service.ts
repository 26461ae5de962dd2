import type { IamService } from '../../iam/service.ts'
import type { EngineClock } from '../../stepfunctions/run/clock.ts'
import type { LambdaService } from '../service.ts'
import { Mapping, type MappingSettings } from './mapping.ts'

type Options = {
  lambda: LambdaService
  iam: IamService
  clock: EngineClock
  region: string
  onLog?: ((functionName: string, text: string) => void) | undefined
}

/** What the role of a function needs for its messages, as on AWS. */
const ACTIONS = ['sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:GetQueueAttributes']

/** The mappings of queues to functions; they begin to take messages when everything is in place. */
export class EventSourceMappings {
  readonly #options: Options
  readonly #settings = new Map<string, MappingSettings>()
  readonly #mappings = new Map<string, Mapping>()
  #started = false

  constructor(options: Options) {
    this.#options = options
  }

  /** A new mapping, or a known one with other settings: invocations under way end. */
  put(id: string, settings: MappingSettings): void {
    this.remove(id)
    this.#settings.set(id, settings)
    if (this.#started) this.#begin(id, settings)
  }

  remove(id: string): void {
    this.#mappings.get(id)?.stop()
    this.#mappings.delete(id)
    this.#settings.delete(id)
  }

  start(): void {
    this.#started = true
    for (const [id, settings] of this.#settings) this.#begin(id, settings)
  }

  stop(): void {
    this.#started = false
    for (const mapping of this.#mappings.values()) mapping.stop()
  }

  #begin(id: string, settings: MappingSettings): void {
    const { lambda, iam, clock, region, onLog } = this.#options
    const mapping = new Mapping(settings, {
      clock,
      region,
      invoke: (functionArn, payload, key) => lambda.invoke(functionArn, payload, key),
      authorize(functionArn, queueArn) {
        const { AWS_ACCESS_KEY_ID: key } = lambda.get(functionArn).settings.environment
        for (const action of ACTIONS) iam.authorizeKey(key, action, queueArn)
      },
      onLog: (functionArn, text) => onLog?.(functionArn.split(':').at(-1) ?? functionArn, text),
    })
    this.#mappings.set(id, mapping)
  }
}
