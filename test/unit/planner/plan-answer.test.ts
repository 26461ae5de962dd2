import { describe, expect, it } from 'vitest'
import type { JsonObject } from '../../../shared/domain/json.ts'
import { readAnswer } from '../../../shared/planner/plan-answer.ts'
import { cpuMilliseconds } from '../../support/runner/cpu-time.ts'

const WORKFLOW = { name: 'p', steps: { a: { capability: 'echo', input: { text: '} not the end {' } } } }
const ANSWER = JSON.stringify({ assumptions: ['km'], workflow: WORKFLOW })

const read = (text: string, finish: 'stop' | 'length' = 'stop') =>
  readAnswer({ parts: [{ kind: 'text', text }], finish })

describe('the answer of a model', () => {
  it.each([
    ['plain', ANSWER],
    ['fenced', `\`\`\`json\n${ANSWER}\n\`\`\``],
    ['fenced, without a language', `\`\`\`\n${ANSWER}\n\`\`\``],
    ['with prose around it', `Sure! Here it is {as you asked}: ${ANSWER}\nTell me if {it} fits.`],
    ['with prose and a fence', `I thought of {"this": 1} first.\n\`\`\`json\n${ANSWER}\n\`\`\`\nDone.`],
    ['with a comma too many', ANSWER.replace('"km"]', '"km",]')],
    ['in several parts', ANSWER],
  ])('is read %s', (_how, text) => {
    expect(read(text)).toMatchObject({ kind: 'draft', workflow: WORKFLOW, assumptions: ['km'] })
  })

  it('is taken from structured output, where there is one', () => {
    const value = { assumptions: [], workflow: WORKFLOW }
    expect(readAnswer({ parts: [], value, finish: 'stop' })).toEqual({
      kind: 'draft',
      workflow: WORKFLOW,
      assumptions: [],
      repairs: [],
    })
  })

  it('may be the workflow alone, which is said', () => {
    const found = read(JSON.stringify(WORKFLOW))
    expect(found).toMatchObject({ kind: 'draft', workflow: WORKFLOW, repairs: [{ rule: 'answer' }] })
  })

  it.each([
    ['with no workflow', { refusal: 'No capability books flights.', assumptions: [] }],
    [
      'with a workflow, which is not taken (planner/Q2)',
      { refusal: 'No capability books flights.', workflow: WORKFLOW },
    ],
  ])('may be a refusal %s', (_how, value) => {
    expect(read(JSON.stringify(value))).toEqual({ kind: 'refusal', reason: 'No capability books flights.' })
  })

  it.each(['', 'None', 'n/a', 'null', null, false])('is no refusal where this says %j', (refusal) => {
    expect(read(JSON.stringify({ refusal, workflow: WORKFLOW }))).toMatchObject({ kind: 'draft' })
  })

  it.each([
    ['', 'stop', 'the answer is empty; answer with one JSON object {"refusal"?, "assumptions", "workflow"?}'],
    [
      'I cannot do that.',
      'stop',
      'the answer is "I cannot do that.", which has no JSON object; answer with one JSON object {"refusal"?, "assumptions", "workflow"?}',
    ],
    [
      ANSWER.slice(0, 60),
      'length',
      'the JSON ends after 60 characters, before its end: it was cut off at the most output tokens; answer with the whole plan again, in fewer words and steps',
    ],
    [
      ANSWER.slice(0, -1),
      'stop',
      `the JSON ends after ${ANSWER.length - 1} characters, before its end: its last bracket is missing; answer with the whole plan again, in fewer words and steps`,
    ],
    [
      '{"assumptions": []}',
      'stop',
      'there is neither a workflow nor a refusal: workflow is nothing; answer with one JSON object {"refusal"?, "assumptions", "workflow"?}',
    ],
    [
      '{"workflow": 3}',
      'stop',
      'there is neither a workflow nor a refusal: workflow is 3; answer with one JSON object {"refusal"?, "assumptions", "workflow"?}',
    ],
  ] as const)('says what is wrong with %j', (text, finish, message) => {
    expect(read(text, finish)).toMatchObject({ kind: 'unreadable', issues: [{ message }] })
  })

  it.each([
    ['braces', '{'.repeat(150_000)],
    ['a fence and blanks', `\`\`\`${'\n'.repeat(150_000)}`],
    ['quotes', `{"${'\\"'.repeat(70_000)}`],
    ['more than is read', `{"workflow": {"steps": {"a": "${'x'.repeat(200_000)}"}}}`],
  ])('of %s is refused at once', (_what, text) => {
    const before = cpuMilliseconds()
    expect(read(text)).toMatchObject({ kind: 'unreadable' })
    expect(cpuMilliseconds() - before).toBeLessThan(2_000)
  })

  it.each([40, 60, 5_000, 200_000])('of a structured value that is %i deep ends, too', (depth) => {
    let deep: JsonObject = {}
    for (let at = 0; at < depth; at++) deep = { a: deep }
    const found = readAnswer({ parts: [], value: { workflow: { steps: deep } }, finish: 'stop' })
    expect(found.kind).toBe(depth < 48 ? 'draft' : 'unreadable')
  })

  it('does not lose a step whose id is there twice', () => {
    const twice = '{"workflow": {"steps": {"a": {"capability": "x"}, "a": {"capability": "y"}}}}'
    expect(read(twice)).toMatchObject({
      kind: 'unreadable',
      issues: [{ message: expect.stringContaining('the key "a" is there twice') }],
    })
  })
})
