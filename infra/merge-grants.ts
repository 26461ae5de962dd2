import type { Action, Grant, Resource, StageSetting } from '../shared/contracts/grants.ts'
import { REGISTRY_PARTITIONS, TASK_PARTITIONS } from '../shared/contracts/table-layout.ts'

/** Actions that are allowed on one resource. */
export type MergedGrant = { actions: readonly Action[]; on: Resource }

/**
 * Merges the grants that apply in a stage with these settings into as few statements as possible: each action once per
 * kind of resource, with all keys that it was granted for, or without a condition if one of the grants has none; and
 * without prefixes that another prefix contains.
 */
export function mergeGrants(grants: readonly Grant[], settings: ReadonlySet<StageSetting>): MergedGrant[] {
  const given = grants.filter(({ when }) => when === undefined || settings.has(when))
  const single = given.flatMap(({ actions, on }) => actions.map((action) => ({ action, on })))
  const placed = Map.groupBy(single, ({ action, on }) => `${action} ${placeOf(on)}`)
  const whole = [...placed.values()].flatMap((same) => {
    const [{ action }] = same as [(typeof same)[number]]
    return joined(same.map(({ on }) => on)).map((on) => ({ action, on }))
  })
  const byResource = Map.groupBy(whole, ({ on }) => JSON.stringify(on))
  return [...byResource.values()].map((same) => {
    const [{ on }] = same as [(typeof same)[number]]
    return { actions: same.map(({ action }) => action), on }
  })
}

/** A key of the resource without its restrictions (keys, prefix). */
function placeOf(on: Resource): string {
  return on.kind === 'table' ? `${on.table} ${on.index ?? ''}` : on.kind
}

/** Merges resources of the same kind. */
function joined(all: readonly Resource[]): Resource[] {
  const tables = all.filter((on) => on.kind === 'table')
  const [table] = tables
  if (table) {
    const { keys: _, only: _whole, ...place } = table
    if (tables.some(({ keys, only }) => keys === undefined && only === undefined)) return [place]
    const only = [...new Set(tables.flatMap((on) => on.only ?? []))].sort()
    return [
      {
        ...place,
        keys: inOrder(new Set(tables.flatMap(({ keys = [] }) => keys))),
        ...(only.length > 0 ? { only } : {}),
      },
    ]
  }
  const prefixed = all.filter((on) => 'prefix' in on)
  const [other] = all
  if (prefixed.length === 0) return other ? [other] : []
  const prefixes = [...new Set(prefixed.map(({ prefix }) => prefix))]
  const outer = prefixes.filter(
    (prefix) => !prefixes.some((wider) => wider !== prefix && prefix.startsWith(wider)),
  )
  return prefixed.filter(({ prefix }, at) => {
    return outer.includes(prefix) && prefixed.findIndex((one) => one.prefix === prefix) === at
  })
}

const ORDER = [...Object.values(TASK_PARTITIONS), ...Object.values(REGISTRY_PARTITIONS)] as readonly string[]

/** In the order of the table layout, so that the order of ports does not affect the template. */
const inOrder = (keys: ReadonlySet<string>): string[] =>
  [...keys].sort((a, b) => ORDER.indexOf(a) - ORDER.indexOf(b))
