import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/** The feature flags of cdk.json, which also apply when the app runs without the CDK's CLI. */
export function featureFlags(): Record<string, unknown> {
  const file = readFileSync(join(import.meta.dirname, '../cdk.json'), 'utf8')
  return { ...(JSON.parse(file) as { context: Record<string, unknown> }).context }
}
