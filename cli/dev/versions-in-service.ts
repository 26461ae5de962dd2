import { callApi } from '../api-client.ts'
import type { VersionInService } from './reload-event.ts'

/** The most agents and workflows whose versions are told of one reload. */
const MOST_TOLD = 20

/** Follows the versions of what is in service, by the API: a workflow that has changed under its number gets the next one. */
export class VersionsInService {
  readonly #apiUrl: string
  readonly #known = new Map<string, string>()

  private constructor(apiUrl: string) {
    this.#apiUrl = apiUrl
  }

  static async open(apiUrl: string): Promise<VersionsInService> {
    const opened = new VersionsInService(apiUrl)
    const [{ agents }, { workflows }] = await Promise.all([
      callApi('listAgents', {}, apiUrl),
      callApi('listWorkflows', {}, apiUrl),
    ])
    for (const { name, version } of workflows) opened.#known.set(`workflow ${name}`, String(version))
    for (const { id, version } of agents) opened.#known.set(`agent ${id}`, version)
    return opened
  }

  /** The versions of what has changed, given as `agent echo`, `workflow simple (new)`; what is removed has none. */
  async after(changed: readonly string[]): Promise<VersionInService[]> {
    const found = await Promise.all(changed.slice(0, MOST_TOLD).map((one) => this.#after(one)))
    return found.filter((one) => one !== undefined)
  }

  async #after(one: string): Promise<VersionInService | undefined> {
    const [, kind, name, how] = /^(agent|workflow) (\S+)(?: \((\w+)\))?$/.exec(one) ?? []
    if (kind === undefined || name === undefined) return undefined
    const what = `${kind} ${name}`
    const was = how === 'new' ? undefined : this.#known.get(what)
    if (how === 'removed') {
      this.#known.delete(what)
      return undefined
    }
    const version =
      kind === 'agent'
        ? (await callApi('getAgent', { id: name }, this.#apiUrl)).version
        : String((await callApi('getWorkflow', { name }, this.#apiUrl)).version)
    this.#known.set(what, version)
    return { what, version, ...(was === undefined ? {} : { was }) }
  }
}
