import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Plugin } from 'esbuild'

/**
 * Leaves out of bundles what packages import and no function uses:
 *
 * - zod's texts in other languages, 261 KB, which a package that imports all of zod brings along;
 * - of the package.json of AWS's clients all but the version, which is told to AWS;
 * - the schemas of operations of AWS's clients that no command is sent for: esbuild keeps them, because their members have computed names;
 * - the sources of credentials that no function has (profiles, SSO, processes, web identities), with four more clients: those of a function are in its environment,
 *   or come from its container. What an agent imports itself stays;
 * - HTTP/2: Bedrock's client imports its handler, and is given that of HTTP/1.1;
 * - ranges of versions, 31 KB: X-Ray's SDK and cls-hooked only compare two versions.
 */
export const trimPackages: Plugin = {
  name: 'trim-packages',
  setup({ onLoad, onResolve }) {
    onResolve({ filter: SOURCE_OF_CREDENTIALS }, ({ path, importer }) =>
      IMPORTER_OF_SOURCES.test(importer) ? { path, namespace: 'no-credentials' } : undefined,
    )
    onLoad({ filter: /./, namespace: 'no-credentials' }, () => ({ contents: NO_CREDENTIALS }))
    onLoad({ filter: /[\\/]zod[\\/]v4[\\/]locales[\\/]index\.js$/ }, async ({ path }) => ({
      contents: `export { default as en } from ${JSON.stringify(join(path, '../en.js'))}`,
    }))
    onLoad({ filter: /[\\/]@aws-sdk[\\/]client-[a-z0-9-]+[\\/]package\.json$/ }, async ({ path }) => {
      const { version } = JSON.parse(await readFile(path, 'utf8')) as { version: string }
      return { contents: JSON.stringify({ version }), loader: 'json' }
    })
    onLoad(
      { filter: /[\\/]@aws-sdk[\\/]client-[a-z0-9-]+[\\/]dist-es[\\/]schemas[\\/]schemas_0\.js$/ },
      async ({ path }) => {
        const text = await readFile(path, 'utf8')
        return { contents: text.replaceAll(OPERATION, 'export var $1 = /* @__PURE__ */ (() => $2)();') }
      },
    )
    onLoad({ filter: /[\\/]@smithy[\\/]node-http-handler[\\/].*node-http2-handler\.js$/ }, () => ({
      contents: NO_HTTP2,
    }))
    onResolve({ filter: /^semver$/ }, ({ importer }) =>
      COMPARING_ONLY.test(importer) ? { path: 'semver', namespace: 'compare-versions' } : undefined,
    )
    onLoad({ filter: /.*/, namespace: 'compare-versions' }, () => ({ contents: COMPARE_VERSIONS }))
  },
}

/** Packages that use `gte` of semver, of complete versions, and nothing else of it. */
const COMPARING_ONLY = /[\\/](aws-xray-sdk-core|cls-hooked)[\\/]/
const COMPARE_VERSIONS = `
  const parts = (version) => version.split(/[-+]/, 1)[0].replace(/^v/, '').split('.').map(Number)
  exports.gte = (one, other) => {
    const [a, b] = [parts(one), parts(other)]
    const at = a.findIndex((part, index) => part !== b[index])
    return at === -1 || a[at] > b[at]
  }`

/** The schema of an operation, a list that begins with 9, up to the next statement. */
const OPERATION = /^export var (\w+\$) = (\[9, [\s\S]*?\n?\]);$/gm

const SOURCE_OF_CREDENTIALS =
  /^(?:@aws-sdk\/credential-provider-(?:ini|sso|process|web-identity)|\.\/fromSso)$/
/** The default chains of credentials and of tokens. */
const IMPORTER_OF_SOURCES = /[\\/]@aws-sdk[\\/](?:credential-provider-node|token-providers)[\\/]/

/** A source that has none: the chain asks the next. */
const NO_CREDENTIALS = `
  const none = () => async () => {
    throw Object.assign(new Error('a function has its credentials in its environment'), { tryNextLink: true })
  }
  export { none as fromIni, none as fromProcess, none as fromSSO, none as fromSso, none as fromTokenFile }`

/** Like the handler's `create`, which takes another handler as it is. */
const NO_HTTP2 = `
  export class NodeHttp2Handler {
    static create(handler) {
      if (typeof handler?.handle === 'function') return handler
      throw new Error('no function speaks HTTP/2: give the client a NodeHttpHandler')
    }
  }`
