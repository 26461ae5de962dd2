import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { conform, hasCases } from './conform.ts'

/** Recordings of the real Step Functions, kept outside the project. */
const FOLDER =
  process.env.ORCHESTRATOR_CONFORMANCE ?? join(import.meta.dirname, '../../../shared/sfn-conformance')
if (!hasCases(FOLDER))
  console.warn(`SKIPPED: no recordings in ${FOLDER}; set ORCHESTRATOR_CONFORMANCE to their folder`)

describe.skipIf(!hasCases(FOLDER))('recordings of AWS Step Functions', () => {
  it('agree with the engine, event by event, in JSONata', async () => {
    const { areas, failures } = await conform(FOLDER)
    const passed = areas.reduce((sum, area) => sum + area.passed, 0)
    console.info(`conformance: ${passed} passed, ${failures.length} failed`)
    expect(failures).toEqual([])
    expect(passed).toBeGreaterThanOrEqual(44)
  })
})
