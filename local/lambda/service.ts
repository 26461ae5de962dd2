import { AwsError } from '../aws/errors.ts'
import {
  type FunctionSettings,
  type Invocation,
  makeSurroundings,
  type Surroundings,
} from './function-settings.ts'
import { LambdaFunction } from './lambda-function.ts'
import type { RunningJournal } from './running-journal.ts'

/** The functions of the assembly, by ARN and by name. */
export class LambdaService {
  readonly #functions = new Map<string, LambdaFunction>()

  readonly #permissions = new Set<string>()
  readonly #surroundings: Surroundings

  /** `journal` tells the next life which invocations were running; without it nothing outlives this one. */
  constructor({ journal }: { journal?: RunningJournal | undefined } = {}) {
    this.#surroundings = makeSurroundings(journal)
  }

  /** `AWS::Lambda::Permission`: lets a service invoke a function. */
  permit(arn: string, principal: string): void {
    this.#permissions.add(`${principal} ${arn}`)
  }

  isPermitted(arn: string, principal: string): boolean {
    return this.#permissions.has(`${principal} ${arn}`)
  }

  /** One that is there gets new code and settings; what runs in it ends with those that it began with. */
  put(settings: FunctionSettings): void {
    const known = this.#functions.get(settings.arn)
    if (known) known.update(settings)
    else this.#functions.set(settings.arn, new LambdaFunction(settings, this.#surroundings))
  }

  /** What runs in it is ended. */
  remove(name: string): void {
    const { settings } = this.get(name)
    void this.get(name).stop()
    this.#functions.delete(settings.arn)
  }

  get(nameOrArn: string): LambdaFunction {
    const unqualified = nameOrArn.replace(/(:function:[^:]+):[^:]+$/, '$1')
    const found =
      this.#functions.get(unqualified) ?? this.list().find(({ settings }) => settings.name === nameOrArn)
    if (found) return found
    throw new AwsError('ResourceNotFoundException', `Function not found: ${nameOrArn}`, 404)
  }

  /** Loads a function's bundle before it is asked for; what is no function is left alone. */
  warm(arn: string, options?: { forPeople?: boolean }): void {
    this.#functions.get(arn)?.warm(options)
  }

  list(): LambdaFunction[] {
    return [...this.#functions.values()]
  }

  /** `key` names the call in every life of the local cloud, where somebody asks again after its death. */
  invoke(nameOrArn: string, payload: string, key?: string): Promise<Invocation> {
    return this.get(nameOrArn).invoke(payload, key)
  }

  async stop(): Promise<void> {
    await Promise.all(this.list().map((one) => one.stop()))
    this.#surroundings.sandboxes.stop()
    this.#surroundings.journal.close()
  }
}
