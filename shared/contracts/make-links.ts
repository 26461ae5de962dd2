import * as z from 'zod'
import { API_PREFIX, type Route } from './route.ts'

export const LinksViewSchema = z.object({
  name: z.literal('orchestrator'),
  version: z.string().describe('The version of this API'),
  links: z.record(z.string(), z.string()).describe('Paths by the name of their resource'),
})

/** Links to all GET routes without path parameters. */
export function makeLinks(routes: readonly Route[], version: string): z.infer<typeof LinksViewSchema> {
  const readable = routes.filter(({ method, path }) => method === 'GET' && !path.includes('{'))
  const links = readable.map(({ path }) => [nameOf(path), `${API_PREFIX}${path}`])
  return { name: 'orchestrator', version, links: Object.fromEntries(links) }
}

/** The path without its slash and extension; the index calls itself `self`. */
const nameOf = (path: string): string => path.slice(1).replace(/\.\w+$/, '') || 'self'
