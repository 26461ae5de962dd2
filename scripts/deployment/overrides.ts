import { FIELDS } from '../../infra/stage.ts'
import { StageError } from '../../infra/stage-place.ts'
import { suggestNames } from '../../shared/domain/nearest-names.ts'

/** What `npm run deploy` tells the app besides fields of a stage. */
const OURS = 'placed'

/**
 * The fields of a stage that `--context <field>=<value>` says otherwise; of one said twice the last. What has a colon or a slash is the
 * CDK's own. Throws StageError for a name that nothing reads: it would change nothing, in silence.
 */
export function parseOverrides(ofSynthesis: readonly string[]): Record<string, string> {
  const said = ofSynthesis.flatMap((option, at) => (ofSynthesis[at - 1] === '--context' ? [option] : []))
  const overrides: Record<string, string> = {}
  for (const text of said) {
    const at = text.indexOf('=')
    const field = text.slice(0, at)
    if (at < 1) throw new StageError(`--context is <field>=<value>; this is "${text}"`)
    if (/[:/]/.test(field) || field === OURS) continue
    if (field === 'stage')
      throw new StageError(
        `--context ${text}: the stage is said first, npm run deploy -- ${text.slice(at + 1)}`,
      )
    if (!FIELDS.includes(field))
      throw new StageError(`--context ${text}: a stage has no field "${field}"${suggestNames(field, FIELDS)}`)
    overrides[field] = text.slice(at + 1)
  }
  return overrides
}
