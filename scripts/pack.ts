import { parseArgs } from 'node:util'
import { makePackage } from './package/make-package.ts'

/** `npm run pack`: the installable package. Node strips no types under node_modules, so it holds JavaScript, types and maps. */
const HELP = `Usage: npm run pack [-- --out FOLDER] [--json]

Compiles the sources into FOLDER (dist without it), adds data and a manifest, and packs it: FOLDER/orchestrator-<version>.tgz, for
npm install ./dist/orchestrator-<version>.tgz in another project. FOLDER is emptied first; it is refused where it holds anything but
an earlier package. --json prints the files, their sizes and the tarball's path.`

const { values } = parsedArgs()
if (values.help) {
  console.log(HELP)
  process.exit(0)
}
const { tarball, files, bytes } = await makePackage(values.out).catch(fail)
console.log(
  values.json
    ? JSON.stringify({ tarball, bytes, files })
    : `${tarball}: ${files.length} files, ${(bytes / 1e6).toFixed(1)} MB`,
)

function parsedArgs() {
  try {
    return parseArgs({
      options: {
        out: { type: 'string', default: 'dist' },
        json: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    })
  } catch (error) {
    return fail(error)
  }
}

/** Ends with the message only: the cause is in the options, on the disk, or in the compiler's output. */
function fail(error: unknown): never {
  console.error(`error: ${error instanceof Error ? error.message : String(error)}`)
  process.exit(2)
}
