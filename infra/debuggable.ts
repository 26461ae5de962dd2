import type { BuildOptions } from 'esbuild'

/** Set by `orchestrator dev --inspect`: bundles are not minified, and their source maps are whole, with absolute addresses. */
export const isDebuggable = (): boolean => process.env.ORCHESTRATOR_SOURCE_MAPS === 'true'

/** The esbuild options for a debuggable bundle; unchanged when debugging is off. */
export function debuggable<T extends BuildOptions>(options: T): T | (T & BuildOptions) {
  return isDebuggable() ? { ...options, minify: false } : options
}
