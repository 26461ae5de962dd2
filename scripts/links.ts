import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { brokenLinks } from './docs/broken-links.ts'

/** Part of `npm run check`: relative links and anchors of Markdown files, and pages named in source files. */
const ROOT = join(import.meta.dirname, '..')

const files = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], {
  cwd: ROOT,
  encoding: 'utf8',
})
  .split('\n')
  .filter((file) => file !== '')
const { broken, checked } = brokenLinks(ROOT, files)
for (const { file, line, target, why } of broken) console.error(`${file}:${line}: "${target}": ${why}`)
console.log(`${checked} links`)
process.exitCode = broken.length === 0 && checked > 0 ? 0 : 1
