import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { featureFlags } from '../../../infra/feature-flags.ts'

const RECOMMENDED = join(
  import.meta.dirname,
  '../../../node_modules/aws-cdk-lib/recommended-feature-flags.json',
)

/** Flags that differ from the CDK's recommendation, and why. */
const OTHERWISE: Readonly<Record<string, unknown>> = {
  // A weak reference would let a deployment remove a table that a function still names.
  '@aws-cdk/core:defaultCrossStackReferences': 'strong',
}

it('sets every flag as the CDK recommends, but for those that are explained', () => {
  const recommended = JSON.parse(readFileSync(RECOMMENDED, 'utf8')) as Record<string, unknown>
  expect(featureFlags()).toMatchObject({ ...recommended, ...OTHERWISE })
})
