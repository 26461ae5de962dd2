import type { ModelSettings } from '../../domain/model-settings.ts'
import { ownOf } from '../../domain/own.ts'

/**
 * How long a model may be silent before it is given up, in milliseconds: an equal share of the time that is left for it and for each of its fallbacks.
 * Undefined where none stands behind it: the adapter's own limit and the deadline end the call.
 */
export function silenceFor(
  settings: Readonly<Record<string, ModelSettings>>,
  name: string,
  leftMilliseconds: number,
): number | undefined {
  let fallbacks = 0
  // Fallbacks make no circle, and one that is not configured is not asked.
  for (let next = nextOf(settings, name); next !== undefined; next = nextOf(settings, next)) fallbacks += 1
  return fallbacks === 0 ? undefined : Math.max(1, Math.floor(leftMilliseconds / (fallbacks + 1)))
}

function nextOf(settings: Readonly<Record<string, ModelSettings>>, name: string): string | undefined {
  const next = ownOf(settings, name)?.fallback
  return next !== undefined && ownOf(settings, next) ? next : undefined
}
