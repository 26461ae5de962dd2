import * as z from 'zod'
import { StatementSchema } from '../iam/service.ts'

/** The properties of resources, as far as the local cloud reads them. */
export const PolicySchema = z.object({
  PolicyDocument: z.object({ Statement: z.array(StatementSchema) }),
  Roles: z.array(z.string()),
})

export const TargetSchema = z
  .object({
    Arn: z.string(),
    DeadLetterConfig: z.object({ Arn: z.string() }).optional(),
    RetryPolicy: z.object({ MaximumRetryAttempts: z.number().optional() }).optional(),
  })
  .transform(({ Arn, DeadLetterConfig, RetryPolicy }) => ({
    arn: Arn,
    deadLetterArn: DeadLetterConfig?.Arn,
    maximumRetryAttempts: RetryPolicy?.MaximumRetryAttempts ?? 185,
  }))

export const FunctionSchema = z.object({
  FunctionName: z.string().optional(),
  Code: z.object({ S3Key: z.string() }),
  Handler: z.string(),
  Role: z.string(),
  Timeout: z.number().default(3),
  MemorySize: z.number().default(128),
  Environment: z.object({ Variables: z.record(z.string(), z.string()) }).default({ Variables: {} }),
})

export const MachineSchema = z.object({
  StateMachineName: z.string().optional(),
  DefinitionString: z.string().optional(),
  DefinitionS3Location: z.object({ Key: z.string() }).optional(),
  DefinitionSubstitutions: z.record(z.string(), z.string()).default({}),
  RoleArn: z.string(),
})
