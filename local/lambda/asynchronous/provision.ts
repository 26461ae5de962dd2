import * as z from 'zod'
import type { Provisioners } from '../../assembly/provision.ts'
import type { LambdaService } from '../service.ts'
import type { AsynchronousInvocations } from './service.ts'

const ConfigSchema = z.object({
  FunctionName: z.string(),
  MaximumRetryAttempts: z.int().min(0).max(2).default(2),
  DestinationConfig: z.object({ OnFailure: z.object({ Destination: z.string() }).optional() }).default({}),
})

/** How asynchronous invocations of a function are retried, and where their failures go. */
export function asynchronousProvisioners(
  asynchronous: AsynchronousInvocations,
  lambda: LambdaService,
): Provisioners {
  return {
    'AWS::Lambda::EventInvokeConfig': async ({ logicalId, properties }) => {
      const { FunctionName, MaximumRetryAttempts, DestinationConfig } = ConfigSchema.parse(properties)
      const { name } = lambda.get(FunctionName).settings
      asynchronous.configure(name, {
        retries: MaximumRetryAttempts,
        onFailure: DestinationConfig.OnFailure?.Destination,
      })
      return { ref: logicalId }
    },
  }
}
