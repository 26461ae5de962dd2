import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { isolatedEvaluator } from '../../../functions/expressions/isolated-evaluator.ts'
import { bundleExpressions, EXPRESSION_FILES } from '../../../infra/bundle-expressions.ts'

/** The isolated evaluator of functions, from files bundled as for a deployment. */
export async function startIsolated(settings: Partial<Parameters<typeof isolatedEvaluator>[0]> = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'expressions-'))
  await bundleExpressions(folder)
  const [worker, realm] = EXPRESSION_FILES
  const evaluator = isolatedEvaluator({
    module: pathToFileURL(join(folder, worker)),
    realm: pathToFileURL(join(folder, realm)),
    memoryMb: 128,
    ...settings,
  })
  return {
    evaluator,
    /** The value or the error of one expression. */
    async one(text: string, names: Record<string, unknown> = {}) {
      const answers = await evaluator([{ text, names: JSON.stringify(names) }])
      if ('error' in answers) return answers
      const [json] = answers.results
      return { value: json === undefined ? undefined : (JSON.parse(json) as unknown) }
    },
    async stop() {
      await evaluator.stop()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
