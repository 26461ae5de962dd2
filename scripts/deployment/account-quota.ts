import { GetAccountSettingsCommand, LambdaClient } from '@aws-sdk/client-lambda'

const PATIENCE_MILLISECONDS = 5_000
/** New accounts start below the documented quota of 1,000. */
const FEW = 100

/** Without retries: the quota is only advice. */
const advisor = (): LambdaClient =>
  new LambdaClient({ maxAttempts: 1, requestHandler: { requestTimeout: PATIENCE_MILLISECONDS } })

/**
 * Lambda's concurrency limit of the account in a region, as lines to print; `alarmAt` is the alarm's threshold. Advice only:
 * without permission (lambda:GetAccountSettings), credentials or network it prints the reason, and never throws.
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
