import { MOST_MODELS } from '../../../shared/domain/model-settings.ts'
import type { Search } from './find-model.ts'

type Variables = Record<string, string>
/** The members of the JSON in the variable; only their names matter here. */
type Models = Record<string, unknown>

/**
 * Gives the model of a server that runs on this machine to the functions that call models (those with the variable MODELS), as `default`,
 * where the stage configures none by that name. The assembly stays as it is, so that no start synthesizes for it.
 */
export function useModel(search: Promise<Search>) {
  let isTaken = false
  return {
    /** The variables of a function, with the model that was found. */
    async environment(_functionName: string, variables: Variables): Promise<Variables> {
      const { MODELS } = variables
      if (MODELS === undefined) return variables
      const models = JSON.parse(MODELS) as Models
      if (Object.hasOwn(models, 'default') || Object.keys(models).length >= MOST_MODELS) return variables
      const { found } = await search
      if (!found) return variables
      isTaken = true
      return { ...variables, MODELS: JSON.stringify({ ...models, default: found.settings }) }
    },
    /** One line about the model that is used, or about an address that is of no use; nothing where there is nothing to say. */
    async told(): Promise<string | undefined> {
      const { found, problem } = await search
      if (problem !== undefined) return `warning: ${problem}`
      if (!found || !isTaken) return undefined
      const { id, url, contextTokens } = found.settings
      const context = `context of ${contextTokens.toLocaleString('en-US')} tokens`
      const assumed = found.assumesContext ? ', assumed, for the server does not say it' : ''
      return `models.default is ${id} of ${found.server} at ${url} (${context}${assumed})`
    },
  }
}
