import { AwsError } from '../../aws/errors.ts'
import { StateError } from '../run/state-error.ts'

/** Checks a machine's role. Throws AwsError AccessDeniedException. */
export type Authorize = (roleArn: string, action: string, resource: string) => void

/** Runs a service call; an error of the service becomes a failure named `<Service>.<Error>`. */
export async function callService<T>(service: string, work: () => T | Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (!(error instanceof AwsError)) throw error
    const name = error.code.endsWith('Exception') ? error.code : `${error.code}Exception`
    throw new StateError(`${service}.${name}`, error.message)
  }
}
