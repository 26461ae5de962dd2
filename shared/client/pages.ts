import type { RouteId } from '../contracts/routes.ts'
import type { InputOf, OutputOf } from './route-types.ts'

/** Routes that answer in pages. */
export type PagedId = {
  [Id in RouteId]: 'cursor' extends keyof InputOf<Id>
    ? 'cursor' extends keyof OutputOf<Id>
      ? Id
      : never
    : never
}[RouteId]

/** The pages of a route, one after the other, from the input's cursor on. A page may be empty where a filter leaves all of it out. */
export async function* pagesOf<Id extends PagedId>(
  ask: (id: Id, input: InputOf<Id>) => Promise<OutputOf<Id>>,
  id: Id,
  input: InputOf<Id>,
): AsyncGenerator<OutputOf<Id>> {
  let next: InputOf<Id> | undefined = input
  while (next !== undefined) {
    const page: OutputOf<Id> & { cursor?: string | undefined } = await ask(id, next)
    yield page
    next = page.cursor === undefined ? undefined : { ...input, cursor: page.cursor }
  }
}
