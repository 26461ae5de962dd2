import { createRequire } from 'node:module'

/**
 * Lets dynalite close the iterators of its store when their streams end. It asks them for `return()`, which iterators of
 * abstract-level do not have; only `close()` ends them. One that stays open keeps its snapshot of the tables in memory, and on disk
 * what has been overwritten since.
 *
 * Invariants (tests cite them):
 * iterators/C1 after an answer no iterator that it has read by is open
 */
export function closeIterators(): void {
  for (const { prototype } of Object.values(iterators())) {
    prototype.return = function () {
      return this.close()
    }
  }
}

type Iterator = { close(): Promise<void>; return?(): Promise<void>; next(): Promise<unknown> }
type Iterators = Record<'AbstractKeyIterator' | 'AbstractValueIterator', { prototype: Iterator }>

/** The classes of the very package that dynalite uses. */
export function iterators(): Iterators {
  const require = createRequire(createRequire(import.meta.url).resolve('dynalite'))
  const { AbstractKeyIterator, AbstractValueIterator } = require('abstract-level') as Iterators
  return { AbstractKeyIterator, AbstractValueIterator }
}
