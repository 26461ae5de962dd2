import type { Properties } from './provision.ts'

/** The account and region that the local cloud pretends to be. */
export type Place = { account: string; region: string }

/** The ARN of a service's resource in that account and region. */
export const arnIn = ({ region, account }: Place, service: string, resource: string): string =>
  `arn:aws:${service}:${region}:${account}:${resource}`

/** A string property; undefined if it has another type. */
export function textOf(properties: Properties, name: string): string | undefined {
  const value = properties[name]
  return typeof value === 'string' ? value : undefined
}
