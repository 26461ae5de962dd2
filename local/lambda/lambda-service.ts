import { AwsError } from '../endpoint/aws-error.ts'
import { type FunctionSettings, type Invocation, LambdaFunction } from './lambda-function.ts'

/** The functions of the assembly, by ARN and by name. */
export class LambdaService {
  readonly #functions = new Map<string, LambdaFunction>()

  readonly #permissions = new Set<string>()

  /** `AWS::Lambda::Permission`: lets a service invoke a function. */
  permit(arn: string, principal: string): void {
    this.#permissions.add(`${principal} ${arn}`)
  }

  isPermitted(arn: string, principal: string): boolean {
    return this.#permissions.has(`${principal} ${arn}`)
  }

  put(settings: FunctionSettings): void {
    this.#functions.set(settings.arn, new LambdaFunction(settings))
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

  invoke(nameOrArn: string, payload: string): Promise<Invocation> {
    return this.get(nameOrArn).invoke(payload)
  }

  async stop(): Promise<void> {
    await Promise.all(this.list().map((one) => one.stop()))
  }
}
