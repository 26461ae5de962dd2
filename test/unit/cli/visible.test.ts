import { globSync, readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { faultLines } from '../../../cli/show/fault-lines.ts'
import { visible, visibleJson, visibleStyled } from '../../../cli/show/visible.ts'
import { runCliAgainst, TASK_ID, taskView } from '../../support/cloud/run-cli-against.ts'

it.each([
  ['\u001b[31mred\u001b[0m', '␛[31mred␛[0m'],
  ['over\rwritten', 'over␍written'],
  ['two\r\nlines\tand a tab', 'two\nlines\tand a tab'],
  ['\u0007\u007f', '␇␡'],
  ['\u009b2J', '\\u009b2J'],
  ['user\u202egnp.exe', 'user\\u202egnp.exe'],
  ['pay\u200b 10', 'pay\\u200b 10'],
  ['a\u200db\u2060c\ufeff\u00ad\u3164', 'a\\u200db\\u2060c\\ufeff\\u00ad\\u3164'],
  // Text in tags, as models read it and people do not.
  ['ok\u{e0068}\u{e0069}', 'ok\\u{e0068}\\u{e0069}'],
  ['\ud800', '\\ud800'],
])('a terminal shows %j and does not obey it', (text, shown) => {
  expect(visible(text)).toBe(shown)
})

it.each([
  'žluťoučký 漢字 🙂',
  '👩‍👩‍👧‍👦 ❤️ 1️⃣ 🇹🇭 🏴󠁧󠁢󠁥󠁮󠁧󠁿 👍🏽 ☎︎',
  'می\u200cخواهم क्\u200dष',
  '辻󠄀',
  'two\nlines\tand\u00a0blanks',
])('what people write stays as it is: %j (visible/I2)', (text) => {
  expect(visible(text)).toBe(text)
})

/** Joiners and variants that people write. */
const KEPT = /\u200c|\u200d|[\ufe00-\ufe0f]|[\u{e0100}-\u{e01ef}]|[\u180b-\u180f]/gu
const SHAPELESS = /[^\P{C}\t\n]|[\u2028\u2029]/u
/** Format characters that have a shape (signs of Arabic, Syriac and Kaithi numbers), or that place hieroglyphs. */
const SHAPED = /[\u0600-\u0605\u06dd\u070f\u0890\u0891\u08e2\u{110bd}\u{110cd}\u{13430}-\u{1343f}]/gu
const hostile = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        '\u001b[8m',
        '\u001b[31m',
        '\u001b]0;t\u0007',
        '\r',
        '\u202e',
        '\u200b',
        '\u{e0041}',
        '\ufe0f',
        '\u200d',
      ),
      fc.string({ unit: 'binary' }),
    ),
  )
  .map((parts) => parts.join(''))

describe('any text', () => {
  it('is shown without what a terminal obeys or hides (visible/I1)', () => {
    fc.assert(
      fc.property(hostile, (text) => {
        const shown = visible(text.replaceAll(/\p{RGI_Emoji}|\p{Cn}|\p{Co}/gv, ''))
        expect(shown.replaceAll(KEPT, '').replaceAll(SHAPED, '')).not.toMatch(SHAPELESS)
        expect(visible(shown)).toBe(shown)
        // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
        expect(visibleStyled(text).replaceAll(/\u001b\[(?:[12]|22|3[1236]|39)m/g, '')).not.toContain('\u001b')
      }),
    )
  })

  it('in JSON stays the same value (visible/I3)', () => {
    fc.assert(
      fc.property(fc.jsonValue(), hostile, (value, text) => {
        const given = { value, [text]: text }
        const json = visibleJson(JSON.stringify(given))
        expect(JSON.parse(json)).toEqual(JSON.parse(JSON.stringify(given)))
        expect(json).not.toMatch(/[\u007f-\u009f\u200b\u202a-\u202e\u2066-\u2069]/)
      }),
    )
  })
})

it('nothing of the command line reaches a terminal by another way (visible/I1)', () => {
  const others = globSync('cli/**/*.ts').filter((file) =>
    /console\.|std(?:out|err)\.write/.test(readFileSync(file, 'utf8')),
  )
  // A schema of the package; the bytes of a file, and progress.
  const trusted = ['cli/commands/schema.ts', 'cli/input/download.ts']
  expect(others.sort()).toEqual([...trusted, 'cli/show/terminal.ts'])
})

describe('what a model or an agent says', () => {
  const EVIL = 'delete\u001b[2K\u001b[1A all\u202e\u200b\u{e0041}'
  const step = {
    ...{ stepId: 'ask', status: 'waiting', needs: [], attempts: [] },
    approval: { prompt: EVIL, choices: ['yes', EVIL], expiresAt: '2026-11-29T00:00:00.000Z' },
    error: { name: 'AgentFailedError', message: EVIL },
    output: { [EVIL]: EVIL },
    agentId: EVIL,
  }
  const task = taskView({ metadata: { [EVIL]: EVIL }, steps: [step], error: { name: EVIL, message: EVIL } })
  const problem = { type: 'urn:orchestrator:InvalidInputError', title: EVIL, status: 400, detail: EVIL }
  const pending = {
    approvals: [
      {
        taskId: TASK_ID,
        workflow: { name: EVIL, version: 1 },
        metadata: {},
        links: { task: '', answer: '' },
        stepId: EVIL,
        ...step.approval,
        requestedAt: '2026-11-28T12:00:00.000Z',
      },
    ],
  }

  it.each([
    ['status', ['status', TASK_ID], task],
    ['a step', ['show', TASK_ID, 'ask'], step],
    ['a step as JSON', ['show', TASK_ID, 'ask', '--json'], step],
    ['a list', ['list'], { tasks: [{ ...task, workflow: { name: EVIL, version: 1 } }] }],
    ['approvals', ['approvals'], pending],
    ['a refusal', ['cancel', TASK_ID], problem],
    ['a refusal as JSON', ['cancel', TASK_ID, '--json'], problem],
  ])('is seen in %s and does nothing', async (_what, args, answer) => {
    const { stdout, stderr } = await runCliAgainst(() => answer, args)
    expect(`${stdout}${stderr}`).toContain('delete')
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
    expect(`${stdout}${stderr}`).not.toMatch(/[\u001b\u202e\u200b]|\u{e0041}/u)
  })
})

it('an error is told with its frames and causes, indented', () => {
  const lines = faultLines({
    stack: 'at priceOf (agents/price/index.ts:3:7)\nat run (agents/price/index.ts:9:1)',
    causes: [{ name: 'Error', message: 'connect \u001b[2J', stack: 'at connect (net.js:1:1)' }],
  })
  expect(lines).toEqual([
    '    at priceOf (agents/price/index.ts:3:7)',
    '    at run (agents/price/index.ts:9:1)',
    '  caused by Error: connect ␛[2J',
    '    at connect (net.js:1:1)',
  ])
  expect(faultLines({})).toEqual([])
})
