/**
 * Functions of agents, by their names.
 *
 * Invariants (tests cite them):
 * function/F1 the name of a function says which agent of which tenant it hosts, and it is registered as no other: whoever deploys in the
 *    account decides by the name, and no tenant calls the function of another
 * function/F2 no two agents have a function of one name
 */
import { DEFAULT_TENANT } from './caller.ts'

/**
 * The last part of the name of the function of an agent that is registered by the API, after the prefix of the installation:
 * `agent-translator` of the tenant `default`, `agent-acme_translator` of `acme`. No tenant and no id has an underscore.
 */
export const hostedName = (tenant: string, id: string): string =>
  `agent-${tenant === DEFAULT_TENANT ? '' : `${tenant}_`}${id}`

/** Where an installation is: a function elsewhere cannot reach its stores, nor may it be invoked. */
export type Installation = {
  readonly partition: string
  readonly region: string
  readonly account: string
  readonly prefix: string
}

/** The installation that a state machine belongs to, by the ARN that one called `name` has. */
export function installationOf(machineArn: string, name: string): Installation {
  const [, partition = '', , region = '', account = '', , full = ''] = machineArn.split(':')
  return { partition, region, account, prefix: full.slice(0, -name.length) }
}

/** The ARN of the function that hosts the agent `id` of a tenant (function/F1). */
export const hostedArn = (
  { partition, region, account, prefix }: Installation,
  { tenant, id }: { tenant: string; id: string },
): string => `arn:${partition}:lambda:${region}:${account}:function:${prefix}${hostedName(tenant, id)}`
