import { FIELDS } from '../../infra/stage.ts'
import { StageError } from '../../infra/stage-place.ts'
import { suggestNames } from '../../shared/domain/nearest-names.ts'

/** A context value that `npm run deploy` sets itself, besides the fields of a stage. */
const OURS = 'placed'

/**
 * The stage's fields in `--context <field>=<value>`; the last one wins. Names with a colon or slash are the CDK's own. Throws
 * StageError for an unknown name, which would otherwise be ignored silently.
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
