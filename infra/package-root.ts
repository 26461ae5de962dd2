import { extname, join } from 'node:path'

/** The folder of this package, a checkout or an installed one: its functions, built-in agents and workflows lie in it. */
export const PACKAGE_ROOT = join(import.meta.dirname, '..')

/** The extension of this package's modules: `.ts` in a checkout, `.js` when installed, because Node strips no types under node_modules. */
const EXTENSION = extname(import.meta.filename)

/** The path of one of this package's modules, given without extension. */
export const sourceOf = (path: string): string => `${path}${EXTENSION}`
