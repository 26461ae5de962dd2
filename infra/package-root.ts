import { extname, join } from 'node:path'

/** The folder of this package, a checkout or an installed one: its functions, built-in agents and workflows lie in it. */
export const PACKAGE_ROOT = join(import.meta.dirname, '..')

/** Of its modules: `.ts` in a checkout, `.js` in the installed package, for Node strips no types under node_modules. */
const EXTENSION = extname(import.meta.filename)

/** The path of one of its modules, said without extension. */
export const sourceOf = (path: string): string => `${path}${EXTENSION}`
