import { createHash } from 'node:crypto'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { builtinModules } from 'node:module'
import { join } from 'node:path'
import { type BuildOptions, build, type Plugin } from 'esbuild'
import { bundleExpressions, layExpressions } from './bundle-expressions.ts'
import { type Catalogue, PROJECT_ROOT } from './load-catalogue.ts'

/** A folder per function, its handler in `index.mjs`. */
export type Bundles = { folderOf(name: string): string; catalogueDigest: string }

const FUNCTIONS = {
  api: 'functions/api/handler.ts',
  rebind: 'functions/steps/rebind.ts',
  control: 'functions/steps/control.ts',
  'finish-task': 'functions/events/finish-task.ts',
  reconcile: 'functions/events/reconcile.ts',
  collect: 'functions/events/collect.ts',
  register: 'functions/deployment/register.ts',
}

/** Some dependencies are CommonJS and call `require`, which an ES module has not. */
const REQUIRE_BANNER =
  "import{createRequire as __createRequire}from'node:module';const require=__createRequire(import.meta.url);"

/** An `import` of a built-in module touches all that it exports, and `http` loads undici for that: a fifth of a cold start. */
const builtinsByRequire: Plugin = {
  name: 'builtins-by-require',
  setup({ onResolve, onLoad }) {
    const filter = new RegExp(`^(node:)?(${builtinModules.join('|')})$`)
    onResolve({ filter }, ({ path, kind }) =>
      kind === 'import-statement' ? { path, namespace: 'builtin' } : undefined,
    )
    onLoad({ filter: /.*/, namespace: 'builtin' }, ({ path }) => ({
      contents: `module.exports = require(${JSON.stringify(path)})`,
    }))
  },
}

/** How every function is bundled. */
export const BUNDLING = {
  absWorkingDir: PROJECT_ROOT,
  bundle: true,
  minify: true,
  platform: 'node',
  target: 'node24',
  format: 'esm',
  mainFields: ['module', 'main'],
  conditions: ['node', 'import', 'module'],
  banner: { js: REQUIRE_BANNER },
  plugins: [builtinsByRequire],
  // No function can forget where users' expressions are evaluated.
  inject: ['functions/expressions/use-isolate.ts'],
  logLevel: 'warning',
  legalComments: 'none',
} satisfies BuildOptions

/** Bundles all functions in one esbuild call: one after another they would take ten times as long. */
export async function bundleFunctions(catalogue: Catalogue): Promise<Bundles> {
  const out = join(process.env.CDK_OUTDIR ?? join(PROJECT_ROOT, 'cdk.out'), 'bundles')
  await rm(out, { recursive: true, force: true })
  const expressions = join(out, '..', 'expressions')
  await Promise.all([build(bundlingOf(catalogue, out)), bundleExpressions(expressions)])
  const names = [...Object.keys(FUNCTIONS), ...catalogue.agents.map(({ manifest }) => `agent-${manifest.id}`)]
  await layExpressions(
    expressions,
    names.map((name) => join(out, name)),
  )
  const text = JSON.stringify({
    agents: catalogue.agents.map(({ manifest }) => manifest),
    workflows: catalogue.workflows.map(({ workflow, compiled }) => ({
      workflow,
      gates: compiled.gates,
      parts: compiled.parts.length,
    })),
  })
  await mkdir(join(out, 'register'), { recursive: true })
  await writeFile(join(out, 'register', 'catalogue.json'), text)
  return {
    folderOf: (name) => join(out, name),
    catalogueDigest: createHash('sha256').update(text).digest('hex').slice(0, 16),
  }
}

/** How esbuild bundles every function of a catalogue, each into a folder of its own. */
export function bundlingOf(catalogue: Catalogue, outdir: string) {
  return {
    ...BUNDLING,
    entryPoints: [
      ...Object.entries(FUNCTIONS).map(([name, path]) => ({ in: path, out: `${name}/index` })),
      ...catalogue.agents.map(({ manifest }) => ({
        in: `agent:${manifest.id}`,
        out: `agent-${manifest.id}/index`,
      })),
    ],
    plugins: [agentEntries(catalogue), ...BUNDLING.plugins],
    outdir,
    outExtension: { '.js': '.mjs' },
  } satisfies BuildOptions
}

/** An agent's file knows nothing of Lambda; its entry point puts it into the host. */
function agentEntries({ agents }: Catalogue): Plugin {
  return {
    name: 'agent-entries',
    setup({ onResolve, onLoad }) {
      onResolve({ filter: /^agent:/ }, ({ path }) => ({
        path: path.slice('agent:'.length),
        namespace: 'agent',
      }))
      onLoad({ filter: /.*/, namespace: 'agent' }, ({ path: id }) => {
        const agent = agents.find(({ manifest }) => manifest.id === id)
        const contents = `
          import agent from ${JSON.stringify(agent?.entry)}
          import { agentHandler } from ${JSON.stringify(join(PROJECT_ROOT, 'functions/steps/agent-handler.ts'))}
          export const handler = agentHandler(agent)
        `
        return { contents, resolveDir: PROJECT_ROOT, loader: 'ts' }
      })
    },
  }
}
