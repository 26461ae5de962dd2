export type IntegrationCall = {
  /** Identifies this call across restarts: a call repeated after a crash has the same id (idempotency key). */
  id: string
  roleArn: string
  executionArn: string
  stateName: string
  /** The state's Resource. */
  resource: string
  arguments: Record<string, unknown>
  signal: AbortSignal
  /** For `.sync`: called with the service's answer once the work has begun. */
  submitted(answer: unknown): void
}

/** A service integration of Task states. Resolves with the task's result; throws StateError. */
export type Integration = (call: IntegrationCall) => Promise<unknown>

/**
 * By resource, without `arn:aws:states:::` and `.waitForTaskToken`: `lambda:invoke`. `aws-sdk:dynamodb:*` takes every
 * action of that service, `lambda` the functions called by their own ARN, `*` the rest.
 */
export type Integrations = Readonly<Record<string, Integration>>

const SERVICE = 'arn:aws:states:::'
const TOKEN_SUFFIX = '.waitForTaskToken'

export function findIntegration(integrations: Integrations, resource: string): Integration | undefined {
  return (
    names(resource)
      .map((name) => integrations[name])
      .find((one) => one !== undefined) ?? integrations['*']
  )
}

export const waitsForToken = (resource: string): boolean => resource.endsWith(TOKEN_SUFFIX)

function names(resource: string): string[] {
  if (!resource.startsWith(SERVICE)) return [resource.split(':')[2] ?? '']
  const action = resource.slice(SERVICE.length)
  const plain = waitsForToken(action) ? action.slice(0, -TOKEN_SUFFIX.length) : action
  return [plain, plain.replace(/:[^:]+$/, ':*')]
}
