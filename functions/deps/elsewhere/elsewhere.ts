import { LambdaClient } from '@aws-sdk/client-lambda'
import { ownFunctions } from '../../../shared/domain/elsewhere/allowed-place.ts'
import type { ElsewhereAgents } from '../../../shared/ports/elsewhere.ts'
import { elsewhereAgents } from '../../adapters/elsewhere/elsewhere.ts'
import { once } from '../once.ts'
import { clock } from '../platform.ts'

/** Agents elsewhere, called with the rights of this function. */
export const elsewhere = (): ElsewhereAgents =>
  once('elsewhere', () =>
    elsewhereAgents({
      // The host decides about another try: one call is one request.
      client: new LambdaClient({ maxAttempts: 1 }),
      now: clock.now,
    }),
  )

/** The beginning of the ARNs of this installation's functions, by the ARN of this one and its name without the prefix (elsewhere/W2). */
export const ownFunctionsOf = (functionArn: string, name: string): string => {
  const [, partition = '', , region = '', account = '', , full = ''] = functionArn.split(':')
  return ownFunctions({ partition, region, account, prefix: full.slice(0, -name.length) })
}
