import { API_PREFIX, pathsOf, type Route } from '../../shared/contracts/route.ts'
import { boundedText } from '../../shared/domain/bounded.ts'
import { OrchestratorError } from '../../shared/domain/errors.ts'
import { nearestNames } from '../../shared/domain/nearest-names.ts'

const MOST_QUOTED = 200

type Asked = { method: string; path: string }

/** Refuses a request that fits no route: 405 with the methods of its path, else 404 with the nearest path. */
export const unknownRoute =
  (routes: readonly Route[]) =>
  ({ method, path }: Asked): never => {
    const allowed = [...new Set(routes.filter((route) => fits(route, path)).map((route) => route.method))]
    const shown = boundedText(path, MOST_QUOTED)
    if (allowed.length > 0) {
      const allow = allowed.sort().join(', ')
      throw new OrchestratorError(
        'MethodNotAllowedError',
        `${method} is not for ${shown}; it takes ${allow}`,
        {
          headers: { allow },
        },
      )
    }
    const [near] = nearestNames(shown, routes.flatMap(pathsOf))
    const hint = near === undefined ? '' : `; did you mean ${near}?`
    throw new OrchestratorError('NotFoundError', `there is no ${shown}${hint} (GET ${API_PREFIX} lists all)`)
  }

function fits(route: Route, path: string): boolean {
  const given = path.split('/')
  return pathsOf(route).some((one) => {
    const parts = one.split('/')
    return (
      parts.length === given.length &&
      parts.every((part, at) => (part.startsWith('{') ? given[at] !== '' : part === given[at]))
    )
  })
}
