export type IntegrationCall = {
  roleArn: string
  stateName: string
  /** The state's Resource. */
  resource: string
  arguments: Record<string, unknown>
  signal: AbortSignal
}

/** A service that Task states call. Resolves with the task's result; throws StateError. */
export type Integration = (call: IntegrationCall) => Promise<unknown>

/** By resource, without `arn:aws:states:::`: `lambda:invoke`; functions called by their own ARN come under `lambda`, `*` takes the rest. */
export type Integrations = Readonly<Record<string, Integration>>
