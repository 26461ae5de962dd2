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
  /** Removed functions with running invocations. */
  readonly #retiring = new Set<LambdaFunction>()
  readonly #permissions = new Set<string>()
  readonly #surroundings: Surroundings

  /** `journal` records running invocations for the next start; by default nothing is recorded. */
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

  /** An existing function gets new code and settings; running invocations end with the old ones. */
  put(settings: FunctionSettings): void {
    const known = this.#functions.get(settings.arn)
    if (known) known.update(settings)
    else this.#functions.set(settings.arn, new LambdaFunction(settings, this.#surroundings))
  }

  /** The function cannot be found any more; its running invocations go on to their end. */
  remove(name: string): void {
    const removed = this.get(name)
    this.#functions.delete(removed.settings.arn)
    this.#retiring.add(removed)
    void removed.retire().finally(() => this.#retiring.delete(removed))
  }

  get(nameOrArn: string): LambdaFunction {
    const unqualified = nameOrArn.replace(/(:function:[^:]+):[^:]+$/, '$1')
    const found =
      this.#functions.get(unqualified) ?? this.list().find(({ settings }) => settings.name === nameOrArn)
    if (found) return found
    throw new AwsError('ResourceNotFoundException', `Function not found: ${nameOrArn}`, 404)
  }

  /** Loads a function's bundle ahead of the first call; an unknown ARN is ignored. */
  warm(arn: string, options?: { forPeople?: boolean }): void {
    this.#functions.get(arn)?.warm(options)
  }

  list(): LambdaFunction[] {
    return [...this.#functions.values()]
  }

  /** `key` identifies the call across restarts of the local cloud, if the caller repeats it. */
  invoke(nameOrArn: string, payload: string, key?: string): Promise<Invocation> {
    return this.get(nameOrArn).invoke(payload, key)
  }

  async stop(): Promise<void> {
    await Promise.all([...this.list(), ...this.#retiring].map((one) => one.stop()))
    this.#surroundings.sandboxes.stop()
    this.#surroundings.journal.close()
  }
}
