import { OrchestratorError } from '../../domain/errors.ts'
import { sentBytes } from '../../domain/sent-bytes.ts'

/** Below Lambda's 6 MB limit for a response, with room for its other members. */
const MOST_PAGE_BYTES = 5_000_000
/** Members that are shown at once: their values may have to be loaded, a thousand one after the other would take too long. */
const AT_ONCE = 10

export type Page<T> = { page: T[]; cursor: string | undefined }

/**
 * The first of `all` after the one that `cursor` names: at most `limit`, and as many as an answer can carry, at least one. The cursor of
 * the page is the key of its last member. Throws InvalidInputError for a cursor that names none, unless `orElse` says where it was.
 */
export async function pageOf<T, Shown>(
  all: readonly T[],
  { cursor, limit, keyOf, show, bytesOf = () => 0, orElse }: PageOptions<T, Shown>,
): Promise<Page<Shown>> {
  const from = cursor === undefined ? 0 : afterCursor(all, cursor, keyOf, orElse)
  const page: Shown[] = []
  let bytes = 0
  let last: string | undefined
  const upTo = Math.min(all.length, from + limit)
  for (let at = from; at < upTo && bytes <= MOST_PAGE_BYTES; ) {
    const some = fitting(all.slice(at, Math.min(at + AT_ONCE, upTo)), MOST_PAGE_BYTES - bytes, bytesOf)
    at += some.length
    for (const [index, shown] of (await Promise.all(some.map(show))).entries()) {
      bytes += sentBytes(shown)
      if (page.length > 0 && bytes > MOST_PAGE_BYTES) break
      page.push(shown)
      last = keyOf(some[index] as T)
    }
  }
  return { page, cursor: from + page.length < all.length ? last : undefined }
}

/** The first ones that may fit in so many bytes, at least one: what an answer cannot carry is not loaded. */
function fitting<T>(some: readonly T[], room: number, bytesOf: (one: T) => number): readonly T[] {
  let bytes = 0
  const end = some.findIndex((one, index) => {
    bytes += bytesOf(one)
    return bytes > room && index > 0
  })
  return end === -1 ? some : some.slice(0, end)
}

type PageOptions<T, Shown> = {
  cursor: string | undefined
  limit: number
  keyOf: (one: T) => string
  show: (one: T) => Shown | Promise<Shown>
  /** What is known of its size before it is loaded. */
  bytesOf?: ((one: T) => number) | undefined
  /** The index at which to go on after a cursor whose member is gone. */
  orElse?: ((cursor: string) => number) | undefined
}

function afterCursor<T>(
  all: readonly T[],
  cursor: string,
  keyOf: (one: T) => string,
  orElse: ((cursor: string) => number) | undefined,
): number {
  const at = all.findIndex((one) => keyOf(one) === cursor)
  if (at >= 0) return at + 1
  if (orElse) return orElse(cursor)
  throw new OrchestratorError(
    'InvalidInputError',
    `cursor: "${cursor}" is none of this list; take the one that the last page gave, with the same filter`,
  )
}
