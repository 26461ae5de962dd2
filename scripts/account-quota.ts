import * as z from 'zod'

/** As much of Lambda's GetAccountSettings as is told. */
const SettingsSchema = z.object({
  AccountLimit: z.object({ ConcurrentExecutions: z.number(), UnreservedConcurrentExecutions: z.number() }),
})

type Quota = { concurrency: number; unreserved: number }
type Where = {
  region: string
  /** In place of AWS's own address. */
  endpoint?: string | undefined
}

const PATIENCE_MILLISECONDS = 5_000
/** New accounts begin with fewer than the 1,000 that AWS's documents name. */
const FEW = 100

/**
 * How many calls Lambda runs at once for the account in a region, in lines to print. Advice: without a permission
 * (lambda:GetAccountSettings), credentials or a network it says why it does not know, and throws nothing.
 */
export async function describeQuota(where: Where, alarmAt: number): Promise<string[]> {
  try {
    return linesOf(await findQuota(where), alarmAt)
  } catch (error) {
    return [`Lambda's quota of calls at once is not known: ${(error as Error).message}`]
  }
}

export function linesOf({ concurrency, unreserved }: Quota, alarmAt: number): string[] {
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

async function findQuota({
  region,
  endpoint = `https://lambda.${region}.${domainOf(region)}`,
}: Where): Promise<Quota> {
  const [{ AwsClient }, { fromNodeProviderChain }] = await Promise.all([
    import('aws4fetch'),
    import('@aws-sdk/credential-providers'),
  ])
  const client = new AwsClient({
    ...(await fromNodeProviderChain()()),
    service: 'lambda',
    region,
    retries: 0,
  })
  const signal = AbortSignal.timeout(PATIENCE_MILLISECONDS)
  const answer = await client.fetch(`${endpoint}/2016-08-19/account-settings/`, { signal })
  if (!answer.ok) throw new Error(`GetAccountSettings answers ${answer.status}`)
  const { AccountLimit } = SettingsSchema.parse(await answer.json())
  return {
    concurrency: AccountLimit.ConcurrentExecutions,
    unreserved: AccountLimit.UnreservedConcurrentExecutions,
  }
}

const domainOf = (region: string): string => (region.startsWith('cn-') ? 'amazonaws.com.cn' : 'amazonaws.com')
