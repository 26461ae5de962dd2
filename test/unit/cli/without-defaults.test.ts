import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { withoutDefaults } from '../../../cli/show/without-defaults.ts'
import type { JsonObject } from '../../../shared/domain/json.ts'
import { WorkflowSchema } from '../../../shared/workflow/schema.ts'

const WORKFLOWS = join(import.meta.dirname, '../../../workflows')
const files = readdirSync(WORKFLOWS)

describe('a definition without its defaults', () => {
  it.each(files)('means the same, and says less: %s', (file) => {
    const written = parse(readFileSync(join(WORKFLOWS, file), 'utf8'), { merge: true }) as JsonObject
    const full = WorkflowSchema.parse(written)
    const brief = withoutDefaults(full as JsonObject)
    expect(WorkflowSchema.parse(brief)).toEqual(full)
    expect(JSON.stringify(brief).length).toBeLessThanOrEqual(JSON.stringify(withoutDefaults(written)).length)
    expect(JSON.stringify(brief).length).toBeLessThan(JSON.stringify(full).length)
  })

  it('keeps what it is about', () => {
    const steps = { a: { capability: 'echo', input: { version: 1, join: 'all' } } }
    const full = WorkflowSchema.parse({ name: 'p', steps }) as JsonObject
    expect(withoutDefaults(full)).toEqual({ name: 'p', steps })
  })

  it('is itself where it is no workflow', () => {
    expect(withoutDefaults({ name: 'No!', version: 1 })).toEqual({ name: 'No!', version: 1 })
  })
})
