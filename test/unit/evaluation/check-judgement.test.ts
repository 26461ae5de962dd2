import { describe, expect, it } from 'vitest'
import { checkJudgement } from '../../../shared/workflow/evaluation/check-judgement.ts'

const OUTPUT = { text: 'Tea is "a plant".\nIt grows.', of: ['hills'] }
const told = (answer: object) => checkJudgement({ score: 0.5, reasons: ['So.'], ...answer }, OUTPUT)

describe('a judgement', () => {
  it.each([
    [{ quotes: ['Tea is "a plant". It grows.'] }, 'So.'],
    [{ quotes: ['nowhere at all', 'Tea is "a plant"'] }, 'So.'],
    [{ quotes: ['"of":["hills"]'] }, 'So.'],
    [{ quotes: [] }, 'So.'],
    [{ judgedItself: true }, '(By the model that it is of.) So.'],
    [{ more: 1 }, 'So.'],
  ])('%j is taken', (answer, reason) => {
    expect(told(answer)).toEqual({ kind: 'judge', name: 'judge', score: 0.5, reason })
  })

  it.each([
    [{ quotes: ['nowhere at all'] }, 'none of the 1 quotations of the judge stands in the output'],
    [{ score: 2 }, 'a judgement is {score: 0 to 1, reasons, quotes}'],
    [{ score: '1' }, 'a judgement is {score: 0 to 1, reasons, quotes}'],
    [{ reasons: 'So.' }, 'a judgement is {score: 0 to 1, reasons, quotes}'],
    [{ quotes: Array.from({ length: 101 }, () => 'Tea') }, 'with at most 100 of either'],
    [{ reasons: Array.from({ length: 101 }, () => 'So.') }, 'with at most 100 of either'],
  ])('%j is none', (answer, fault) => {
    expect(told(answer)).toEqual({ fault: expect.stringContaining(fault) })
  })

  it('needs no reasons', () => {
    expect(checkJudgement({ score: 1 }, null)).toEqual({ kind: 'judge', name: 'judge', score: 1 })
  })
})
