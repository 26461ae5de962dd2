import { createRequire } from 'node:module'

/**
 * Makes dynalite close its store's iterators when their streams end. Its streams call `return()`, which abstract-level's iterators
 * lack; only `close()` ends them. An open iterator keeps its snapshot of the tables in memory, and overwritten data on
 * disk.
 *
 * Invariants (tests cite them):
 * iterators/C1 after an answer, no iterator that it read from is open
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

/** The iterator classes of the abstract-level package that dynalite loads. */
export function iterators(): Iterators {
  const require = createRequire(createRequire(import.meta.url).resolve('dynalite'))
  const { AbstractKeyIterator, AbstractValueIterator } = require('abstract-level') as Iterators
  return { AbstractKeyIterator, AbstractValueIterator }
}
