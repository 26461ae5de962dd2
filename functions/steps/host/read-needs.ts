import { recordsOfNeeds } from '../../../shared/app/resolve-step.ts'
import type { Deps } from '../../deps.ts'
import { addParts, type HostMiddleware, partsOf } from './step-run.ts'

/** Begins to read the steps that this one needs, while it is taken over: they had ended before it was entered. */
export function readNeeds({ tasks }: Pick<Deps, 'tasks'>): HostMiddleware {
  return {
    before: async (request) => {
      const { own, plan } = partsOf(request.context, 'own', 'plan')
      const needed = recordsOfNeeds(tasks, plan, own.path)
      // Whoever uses them hears of a failure; a replay does not use them.
      needed.catch(() => {})
      addParts(request.context, { needed })
    },
  }
}
