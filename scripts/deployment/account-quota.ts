import { GetAccountSettingsCommand, LambdaClient } from '@aws-sdk/client-lambda'

const PATIENCE_MILLISECONDS = 5_000
/** New accounts begin with fewer than the 1,000 that AWS's documents name. */
const FEW = 100

/** Asks once: it is advice, which is not waited for. */
const advisor = (): LambdaClient =>
  new LambdaClient({ maxAttempts: 1, requestHandler: { requestTimeout: PATIENCE_MILLISECONDS } })

/**
 * How many calls Lambda runs at once for the account in a region, in lines to print; `alarmAt` is what the alarm goes by. Advice:
 * without a permission (lambda:GetAccountSettings), credentials or a network it says why it does not know, and throws nothing.
 */
export async function describeQuota(alarmAt: number, client = advisor()): Promise<string[]> {
  try {
    const { AccountLimit } = await client.send(new GetAccountSettingsCommand({}))
    const { ConcurrentExecutions: concurrency, UnreservedConcurrentExecutions: unreserved } =
      AccountLimit ?? {}
    if (concurrency === undefined) throw new Error('GetAccountSettings tells no limit')
    return linesOf({ concurrency, unreserved: unreserved ?? concurrency }, alarmAt)
  } catch (error) {
    return [`Lambda's quota of calls at once is not known: ${(error as Error).message}`]
  }
}

function linesOf(
  { concurrency, unreserved }: { concurrency: number; unreserved: number },
  alarmAt: number,
): string[] {
  const lines = [
    `Lambda runs ${concurrency} calls at once for this account here, ${unreserved} of them unreserved.`,
  ]
  if (concurrency < FEW)
    lines.push(
      'That is few, as with new accounts: ask for more (Service Quotas, Lambda, "Concurrent executions").',
    )
  if (concurrency !== alarmAt)
    lines.push(
      `The alarm ConcurrencyClaimed goes by ${alarmAt}: set accountConcurrency: ${concurrency} in the stage's file.`,
    )
  return lines
}
