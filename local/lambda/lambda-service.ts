import { AwsError } from '../endpoint/aws-error.ts'
import type { Integration } from '../stepfunctions/integrations.ts'
import { StateError } from '../stepfunctions/state-error.ts'
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

  list(): LambdaFunction[] {
    return [...this.#functions.values()]
  }

  invoke(nameOrArn: string, payload: string): Promise<Invocation> {
    return this.get(nameOrArn).invoke(payload)
  }

  async stop(): Promise<void> {
    await Promise.all(this.list().map((one) => one.stop()))
  }

  /** `lambda:invoke` for Step Functions: the envelope of a success, the error name and cause of a failure. */
  readonly integration: Integration = async ({ arguments: { FunctionName, Payload = {} } }) => {
    const outcome = await this.#invokeFor(String(FunctionName), JSON.stringify(Payload))
    if ('payload' in outcome) {
      return { ExecutedVersion: '$LATEST', Payload: JSON.parse(outcome.payload), StatusCode: 200 }
    }
    const { errorType, errorMessage, trace } = outcome.functionError
    throw new StateError(errorType, JSON.stringify({ errorType, errorMessage, trace }))
  }

  async #invokeFor(name: string, payload: string): Promise<Invocation> {
    try {
      return await this.invoke(name, payload)
    } catch (error) {
      if (error instanceof AwsError) throw new StateError(`Lambda.${error.code}`, error.message)
      throw error
    }
  }
}
