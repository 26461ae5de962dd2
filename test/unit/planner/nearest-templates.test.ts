import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { nearestTemplates } from '../../../shared/planner/nearest-templates.ts'
import type { Workflow } from '../../../shared/workflow/schema.ts'
import { validateWorkflow } from '../../../shared/workflow/validate-workflow.ts'

const ROOT = join(import.meta.dirname, '../../..')

/** The workflows of this repository that a goal may mean. */
function workflowsHere(): Workflow[] {
  return ['workflows', 'examples/workflows'].flatMap((folder) =>
    readdirSync(join(ROOT, folder))
      .filter((name) => name.endsWith('.yaml') && !/goal/.test(name))
      .map((name) => {
        const { workflow } = validateWorkflow(readFileSync(join(ROOT, folder, name), 'utf8'))
        if (!workflow) throw new Error(name)
        return workflow
      }),
  )
}

describe('the registered workflow that a goal asks for (goals/G4)', () => {
  const templates = workflowsHere()
  const clear = (goal: string) => nearestTemplates(goal, templates).clear?.name

  it.each([
    [
      'Find sources on retries in distributed systems, analyse them and write a cited report',
      'research_and_analyze',
    ],
    ['Find passages on throttling in my documents', 'research'],
    ['Process the data and format the output', 'data_processing'],
    ['Write a report with charts on this table', 'data_report'],
    ['Make a report about the sales data with charts and trends', 'data_report'],
    ['Run several analyses of the table in parallel', 'parallel_analysis'],
  ])('is clear: %s', (goal, name) => {
    expect(clear(goal)).toBe(name)
  })

  it.each([
    'Book a flight to Beijing',
    'Translate this letter to French',
    'What is the weather tomorrow?',
    'Summarize the meeting notes and send them to the team',
    "What's the mass of an electron?",
    'How many calories are in a tomato?',
    'Send an email to Anna that the report is late',
    'table',
    '',
  ])('is not clear: %s', (goal) => {
    expect(clear(goal)).toBeUndefined()
  })

  it('is not clear between two that are alike', () => {
    const [one] = templates.filter(({ name }) => name === 'data_report')
    if (!one) throw new Error('no data_report')
    const goal = 'Write a report with charts on this table'
    expect(nearestTemplates(goal, [one, { ...one, name: 'data_reports' }])).not.toHaveProperty('clear')
  })

  it('tells the three nearest where none is clear', () => {
    const { near } = nearestTemplates('Analyse the data in sales.csv', templates)
    expect(near).toHaveLength(3)
    expect(near.map(({ name }) => name)).toContain('data_processing')
  })
})
