import type { Json } from '../domain/json.ts'
import { shown } from '../domain/shown.ts'
import { type Repair, repaired } from './repair.ts'
import type { StepsDraft } from './repair-steps.ts'
import { understandName } from './understand-name.ts'

/**
 * The needs of one graph as ids of its steps. A step that needs itself, or one that is not there, loses that need: nothing can be waited for
 * there. A circle of several steps stays, because which of its needs is wrong cannot be known. `around` are ids of the enclosing graphs.
 */
export function repairNeeds(
  steps: StepsDraft,
  path: string,
  around: ReadonlySet<string>,
  repairs: Repair[],
): StepsDraft {
  const ids = Object.keys(steps)
  const base = baseOfPositions(steps, ids)
  return Object.fromEntries(
    Object.entries(steps).map(([id, step]) => {
      const { needs } = step
      if (!Array.isArray(needs)) return [id, step]
      const kept = new Set<Json>()
      for (const need of needs) {
        const found = around.has(String(need)) ? need : meantBy(need, id, steps, base)
        const at = `${path}.${id}.needs`
        if (found === undefined)
          repairs.push(
            repaired('need', at, `left out ${shown(need)}, which is no step here; steps: ${ids.join(', ')}`),
          )
        else if (found === id)
          repairs.push(repaired('need', at, `left out "${id}": a step cannot wait for itself`))
        else if (kept.has(found))
          repairs.push(repaired('need', at, `left out ${shown(need)}, which is there twice`))
        else {
          if (found !== need)
            repairs.push(repaired('need', at, `${shown(need)} is the step "${String(found)}"`))
          kept.add(found)
        }
      }
      return [id, { ...step, needs: [...kept] }]
    }),
  )
}

/** The id that a need means; the need itself where it is left for validation, undefined where it means nothing. */
function meantBy(need: Json, own: string, steps: StepsDraft, base: number | undefined): Json | undefined {
  const ids = Object.keys(steps)
  if (typeof need === 'string' && ids.includes(need)) return need
  if (isPosition(need)) return base === undefined ? need : (ids[Number(need) - base] ?? need)
  if (typeof need !== 'string') return need
  const named = understandName(
    need,
    ids.map((name) => ({ name })),
  )
  if (named && !named.guessed) return named.name
  const offering = ids.filter((id) => id !== own && steps[id]?.capability === need)
  // A tool that is used twice does not say which of the two.
  return offering.length === 0 ? undefined : offering.length === 1 ? offering[0] : need
}

const isPosition = (need: Json): boolean =>
  (typeof need === 'number' && Number.isInteger(need)) || (typeof need === 'string' && /^\d{1,3}$/.test(need))

/** Whether positions are counted from 0 or 1: the one by which each needs a step before it; undefined where both would do, or neither. */
function baseOfPositions(steps: StepsDraft, ids: readonly string[]): number | undefined {
  const found = Object.entries(steps).flatMap(([, { needs }], at) =>
    (Array.isArray(needs) ? needs : [])
      .filter((need) => isPosition(need) && !ids.includes(String(need)))
      .map((need) => ({ at, need: Number(need) })),
  )
  const fitting = [0, 1].filter((base) => found.every(({ at, need }) => need - base >= 0 && need - base < at))
  return fitting.length === 1 ? fitting[0] : undefined
}
