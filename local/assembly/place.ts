import type { Properties } from './provision.ts'

/** The account and region that the local cloud stands for. */
export type Place = { account: string; region: string }

/** The ARN of a resource of a service there. */
export const arnIn = ({ region, account }: Place, service: string, resource: string): string =>
  `arn:aws:${service}:${region}:${account}:${resource}`

/** A property that is a text; undefined where it is none. */
export function textOf(properties: Properties, name: string): string | undefined {
  const value = properties[name]
  return typeof value === 'string' ? value : undefined
}
