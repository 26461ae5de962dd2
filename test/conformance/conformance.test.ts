import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { conform, hasCases } from './conform.ts'

/** Recordings of the real Step Functions, kept outside the project. */
const FOLDER =
  process.env.ORCHESTRATOR_CONFORMANCE ?? join(import.meta.dirname, '../../../shared/sfn-conformance')
if (!hasCases(FOLDER))
  console.warn(`SKIPPED: no recordings in ${FOLDER}; set ORCHESTRATOR_CONFORMANCE to their folder`)

describe.skipIf(!hasCases(FOLDER))('recordings of AWS Step Functions', () => {
  it('agree with the engine, event by event', async () => {
    const { areas, failures, stale } = await conform(FOLDER)
    const count = (language: string, field: 'passed' | 'known'): number =>
      areas.filter((area) => area.language === language).reduce((sum, area) => sum + area[field], 0)
    for (const language of ['JSONata', 'translated']) {
      console.info(
        `conformance, ${language}: ${count(language, 'passed')} passed, ${count(language, 'known')} known`,
      )
    }
    expect(failures).toEqual([])
    expect(stale).toEqual([])
    expect(count('JSONata', 'passed')).toBeGreaterThanOrEqual(49)
    expect(count('JSONata', 'known')).toBe(0)
    expect(count('translated', 'passed')).toBeGreaterThanOrEqual(370)
    expect(count('translated', 'known') / count('translated', 'passed')).toBeLessThan(0.03)
  })
})
