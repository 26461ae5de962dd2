import { join } from 'node:path'
import { build } from 'esbuild'
import { expect, it } from 'vitest'

/** English alone takes less. */
const MOST_LOCALE_BYTES = 5_000

it('the API brings no language of zod but English, which would be a quarter of it', async () => {
  const { metafile } = await build({
    entryPoints: [join(import.meta.dirname, '../../../functions/api/handler.ts')],
    ...{ bundle: true, minify: true, format: 'esm', platform: 'node' },
    ...{ metafile: true, write: false, logLevel: 'silent' },
  })
  const inputs = Object.values(metafile.outputs).flatMap((output) => Object.entries(output.inputs))
  const locales = inputs.filter(([path]) => path.includes('/zod/v4/locales/'))
  expect(inputs.length).toBeGreaterThan(100)
  expect(locales.reduce((sum, [, { bytesInOutput }]) => sum + bytesInOutput, 0)).toBeLessThan(
    MOST_LOCALE_BYTES,
  )
})
