import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/** The flags of cdk.json: the same whether the CDK's CLI runs the app or something else does. */
export function featureFlags(): Record<string, unknown> {
  const file = readFileSync(join(import.meta.dirname, '../cdk.json'), 'utf8')
  return { ...(JSON.parse(file) as { context: Record<string, unknown> }).context }
}
