import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { createProgram } from '../../../cli/program.ts'
import { generatedPages } from '../../../scripts/docs/pages.ts'
import { API_PREFIX } from '../../../shared/contracts/route.ts'
import { ROUTES } from '../../../shared/contracts/routes.ts'
import { ERRORS } from '../../../shared/domain/error-table.ts'
import { FOREIGN_ERRORS } from '../../../shared/domain/error-texts.ts'
import { STEP_KINDS } from '../../../shared/workflow/schema.ts'

const ROOT = join(import.meta.dirname, '../../..')
const pages = await generatedPages(ROOT)
const onDisk = (path: string): string => readFileSync(join(ROOT, path), 'utf8')

describe('generated pages', () => {
  it.each(Object.keys(pages))('%s is current; if not: npm run docs', (path) => {
    expect(onDisk(path)).toBe(pages[path])
  })

  it('have a heading for every error, which links go to', () => {
    for (const name of [...Object.keys(ERRORS), ...Object.keys(FOREIGN_ERRORS)])
      expect(pages['docs/errors.md']).toContain(`\n### ${name}\n`)
  })

  it('have every command and every option', async () => {
    const page = pages['docs/reference/cli.md'] ?? ''
    for (const command of (await createProgram()).commands) {
      if (command.name() === 'complete') continue
      expect(page).toContain(`\n## ${command.name()}`)
      for (const { flags } of command.options.filter(({ hidden }) => !hidden))
        expect(page).toContain(`\`${flags.replaceAll('|', '\\|')}\``)
    }
  })

  it('have every route, and a description of every field that a step may have', () => {
    for (const { method, path } of Object.values(ROUTES))
      expect(pages['docs/reference/http-api.md']).toContain(`\`${method} ${path || API_PREFIX}\``)
    const language = pages['docs/reference/workflow-language.md'] ?? ''
    expect(language.match(/^## /gm)?.length).toBeGreaterThan(STEP_KINDS.length)
    expect(language.split('\n').filter((line) => /^\| `\w+` \|.*\| {2}\|$/.test(line))).toEqual([])
  })
})

describe('the README', () => {
  it('is finished by a stranger: at most a thousand words', () => {
    expect(onDisk('README.md').split(/\s+/).length).toBeLessThanOrEqual(1_000)
  })

  it('names every page of the documentation, or a page that names it', () => {
    const ofHowTo = onDisk('docs/how-to/README.md').replaceAll('](', '](how-to/')
    const named = [...['README.md', 'docs/tutorial/README.md'].map(onDisk), ofHowTo].join('\n')
    const unnamed = readdirSync(join(ROOT, 'docs'), { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.md') && !file.startsWith('adr') && !file.endsWith('README.md'))
      .filter((file) => !named.includes(file.replace(/^tutorial\//, '')))
    expect(unnamed).toEqual(['reference/built-in-agents.md'])
    expect(onDisk('docs/reference/built-in-catalogue.md')).toContain('(built-in-agents.md)')
  })
})
