/** A service that Task states call. Resolves with the task's result; throws StateError. */
export type Integration = (call: {
  roleArn: string
  arguments: Record<string, unknown>
  signal: AbortSignal
}) => Promise<unknown>

/** By resource, without `arn:aws:states:::`: `lambda:invoke`. */
export type Integrations = Readonly<Record<string, Integration>>
