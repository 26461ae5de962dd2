import { builtinModules } from 'node:module'
import type { Plugin } from 'esbuild'

/**
 * Replaces `import` of built-in modules by `require`: an import evaluates every export, which for `http` loads undici
 * and costs a fifth of a cold start.
 */
export const builtinsByRequire: Plugin = {
  name: 'builtins-by-require',
  setup({ onResolve, onLoad }) {
    const filter = new RegExp(`^(node:)?(${builtinModules.join('|')})$`)
    onResolve({ filter }, ({ path, kind }) =>
      // The SDK imports `http` dynamically, with its first call.
      kind === 'import-statement' || kind === 'dynamic-import' ? { path, namespace: 'builtin' } : undefined,
    )
    onLoad({ filter: /.*/, namespace: 'builtin' }, ({ path }) => ({
      contents: `module.exports = require(${JSON.stringify(path)})`,
    }))
  },
}
