import { Stack } from 'aws-cdk-lib'
import type { Construct } from 'constructs'
import type { BundledFunction } from './bundled-function.ts'

export type Service = 'secretsmanager' | 'ssm'

/** How a text is read, and what a key (KMS) is told of what it decrypts. */
export const READING = {
  secretsmanager: { action: 'secretsmanager:GetSecretValue', context: 'SecretARN' },
  ssm: { action: 'ssm:GetParameter', context: 'PARAMETER_ARN' },
} as const satisfies Record<Service, unknown>

/**
 * Permission to decrypt what a service keeps under these ARNs, only by way of this service. What is kept in another region or account is
 * decrypted there, by a key of that place.
 */
export function giveDecrypt(target: BundledFunction, service: Service, arns: readonly string[]): void {
  const { context } = READING[service]
  for (const [key, kept] of Map.groupBy(arns, (arn) => keyFor(target, arn))) {
    target.allow(['kms:Decrypt'], [key], {
      StringEquals: { 'kms:ViaService': `${service}.${regionOf(kept[0] ?? '')}.amazonaws.com` },
      StringLike: { [`kms:EncryptionContext:${context}`]: kept },
    })
  }
}

/** All keys (KMS) of the place where something is kept; a condition allows each only for that. */
export function keyFor(scope: Construct, arn: string): string {
  const [, partition = '', , region = '', account = ''] = arn.split(':')
  return Stack.of(scope).formatArn({
    service: 'kms',
    resource: 'key',
    resourceName: '*',
    partition,
    region,
    account,
  })
}

const regionOf = (arn: string): string => arn.split(':')[3] ?? ''
