import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { generatedPages } from './docs/pages.ts'

/** `npm run docs`: writes the generated pages. `test/unit/scripts/docs.test.ts` fails when one is stale. */
const ROOT = join(import.meta.dirname, '..')

for (const [path, text] of Object.entries(await generatedPages(ROOT))) {
  writeFileSync(join(ROOT, path), text)
  console.log(path)
}
