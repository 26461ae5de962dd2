import { testAgent } from 'orchestrator/testing'
import { expect, it } from 'vitest'
import exporter from './exporter.ts'

it('writes the table to a file, and names it in its output', async () => {
  const run = await testAgent(exporter, { input: { rows: 3 } })
  expect(run.output).toEqual({ file: { $file: expect.stringMatching(/\/squares\.csv$/) }, rows: 3 })
  const { bytes, contentType } = run.written['squares.csv'] ?? {}
  expect(new TextDecoder().decode(bytes)).toBe('number,square\r\n1,1\r\n2,4\r\n3,9\r\n')
  expect(contentType).toBe('text/csv; charset=utf-8')
})
