import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import fc from 'fast-check'
import measured from 'string-width'
import { describe, expect, it } from 'vitest'
import { createProgram } from '../../../cli/program.ts'
import { drawColumns } from '../../../cli/show/draw-plan.ts'
import { wrapText } from '../../../cli/show/layout.ts'
import { tableLines } from '../../../cli/show/table.ts'
import { screenOf } from '../../../cli/show/watch-table.ts'
import { stringWidth } from '../../../cli/show/width.ts'
import { runCli } from '../../support/cloud/run-cli.ts'

const WIDE = [
  'x'.repeat(64),
  '図書館の本を数える'.repeat(6),
  '👩‍👩‍👧‍👦🇹🇭é́'.repeat(15),
  `a_${'long-name.'.repeat(9)}`,
]
const tooWide = (text: string, width = 80): string[] =>
  text.split('\n').filter((line) => stringWidth(line) > width)
/** The visible characters, in sorted order. */
const seen = (text: string): string => Array.from(text.replaceAll(/\s/g, '')).sort().join('')

const word = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 60 }),
  fc.constantFrom(...WIDE, 't_01k8h2b89fe0albcfc02v30f99', 'research_and_analyze', ''),
)
const printable = (text: string): string => text.replaceAll(/[\p{Cc}\s]+/gu, ' ')
const sentence = fc.array(word, { maxLength: 8 }).map((words) => printable(words.join(' ')))
const cell = fc.array(word, { maxLength: 2 }).map((words) => printable(words.join(' ')))

const commands = (await createProgram()).commands.map((command) => command.name())

describe('80 columns', () => {
  it.each(['', ...commands])('hold the help of %s', async (name) => {
    const { code, stdout } = await runCli([name, '--help'].filter(Boolean))
    expect(code).toBe(0)
    expect(stdout).toContain('Usage: orchestrator')
    expect(tooWide(stdout)).toEqual([])
  })

  it('hold any text, and all of it (layout/Y1, layout/Y2)', () => {
    fc.assert(
      fc.property(
        sentence,
        fc.integer({ min: 20, max: 120 }),
        fc.integer({ min: 0, max: 8 }),
        (text, width, hang) => {
          const wrapped = wrapText(text, width, hang)
          expect(tooWide(wrapped, width)).toEqual([])
          expect(seen(wrapped)).toBe(seen(text))
        },
      ),
    )
  })

  it('break no word that has room in a line alone (layout/Y3)', () => {
    const short = fc.stringMatching(/^[a-z0-9]{1,12}$/)
    fc.assert(
      fc.property(
        fc.array(short, { minLength: 1, maxLength: 30 }),
        fc.integer({ min: 20, max: 120 }),
        (words, width) => {
          expect(wrapText(words.join(' '), width, 2).split(/\s+/)).toEqual(words)
        },
      ),
    )
  })

  it('hold any table, and all of it (layout/Y1, layout/Y2)', () => {
    const table = fc
      .integer({ min: 1, max: 12 })
      .chain((columns) =>
        fc.array(fc.array(cell, { minLength: columns, maxLength: columns }), { maxLength: 3 }),
      )
    fc.assert(
      fc.property(table, fc.integer({ min: 20, max: 120 }), (rows, width) => {
        const header = (rows[0] ?? []).map((_cell, at) => `title ${at}`)
        const lines = tableLines(header, rows, width)
        expect(tooWide(lines.join('\n'), width)).toEqual([])
        for (const character of new Set(seen(rows.flat().join(''))))
          expect(seen(lines.join(''))).toContain(character)
      }),
      { numRuns: 40 },
    )
  })

  it('are measured as by string-width, which is loaded for what is not ASCII only', () => {
    const plain = fc.string({ unit: fc.constantFrom('a', ' ', '~', '\u001b[31m', '\u001b[39m', '\t', '\n') })
    fc.assert(
      fc.property(fc.oneof(plain, fc.string({ unit: 'grapheme' }), fc.string({ unit: 'binary' })), (text) => {
        expect(stringWidth(text)).toBe(measured(text))
      }),
    )
  })

  it('hold 200,000 rows, and cells of as many words', () => {
    const rows = Array.from({ length: 200_000 }, (_, at) => [`each[${at}]`, 'done'])
    expect(tableLines(['step', 'status'], rows, 80)).toHaveLength(200_001)
    expect(tableLines(['text'], [['some words '.repeat(100_000)]], 80).length).toBeGreaterThan(10_000)
  })

  it('hold any plan', () => {
    fc.assert(
      fc.property(fc.array(fc.array(word.map(printable), { minLength: 1, maxLength: 4 })), (columns) => {
        const drawn = drawColumns(columns, 80)
        expect(tooWide(drawn)).toEqual([])
        expect(seen(drawn).replaceAll(/[->]/g, '')).toBe(
          seen(columns.flat().join('')).replaceAll(/[->]/g, ''),
        )
      }),
    )
  })

  it('keep a table in one line a row where there is room, and ids whole where there is little', () => {
    const id = 't_01k8h2b89fe0albcfc02v30f99'
    const rows = [[id, 'succeeded', 'research_and_analyze', '2026-11-28T12:34Z', '12.3 s so far']]
    const header = ['task', 'status', 'workflow', 'created', 'took']
    expect(tableLines(header, rows, 120)).toHaveLength(2)
    expect(tableLines(header, rows, 80)).toEqual([
      'task                          status     workflow   created            took',
      `${id}  succeeded  research_  2026-11-28T12:34Z  12.3 s so`,
      '                                         and_                          far',
      '                                         analyze',
    ])
    expect(tableLines(header, rows, 50).slice(0, 2)).toEqual([`task      ${id}`, 'status    succeeded'])
  })

  it.each(WIDE)('hold what commands show of names like %s', async (name) => {
    const step = {
      ...{
        stepId: name,
        status: 'failed',
        capability: name,
        agentId: name,
        needs: [name],
        durationMs: 61_000,
      },
      error: { name: 'AgentFailedError', message: `${name} said: ${name}` },
      ...{ attempts: [], costUsd: 0.000123 },
      decision: {
        ...{ stepId: name, capability: name, chosen: name, reason: `better than ${name}` },
        candidates: [{ agentId: name, eligible: false, reason: `rests ${name}`, load: 12.5, costUsd: 0.01 }],
      },
    }
    const spread = (p50: number) => ({ p50, p90: 2 * p50, p99: 3 * p50 })
    const kept = {
      seconds: spread(100),
      usd: spread(0.0000123),
      tokens: spread(1_000),
      successRate: 0.5,
      criticalPath: [name],
      assumptions: [name],
    }
    const task = {
      ...{ taskId: `t_${'0'.repeat(26)}`, status: 'failed', workflow: { name, version: 1 } },
      ...{ createdAt: '2026-11-28T12:34:56.000Z', durationMs: 10_000_000, metadata: {}, links: {} },
      execution: { name: 'x', arn: 'x', stateMachineArn: 'x' },
      degraded: [{ path: name, reason: `${name} ${name}` }],
      budget: {
        usd: 1,
        spentUsd: 0.123,
        reservedUsd: 0.1,
        unknownUsd: 0.1,
        spentTokens: 0,
        reservedTokens: 0,
      },
      parent: { taskId: `t_${'0'.repeat(26)}`, path: name },
      error: { name: 'AgentFailedError', message: name },
      estimate: kept,
    }
    const health = {
      ...{
        calls: 1_000,
        weight: 1,
        successRate: 1,
        quality: 1,
        p50Seconds: 100,
        p95Seconds: 1e3,
        costUsd: 0.000123,
      },
      ...{ p95CostUsd: 1, tokens: 0, trend: 'better' },
    }
    const capability = {
      name: `text.${'a'.repeat(59)}`,
      description: `${name} ${name}`,
      inputSchema: {},
      outputSchema: {},
    }
    const agent = {
      ...{
        id: 'a'.repeat(34),
        version: '10.11.12',
        description: name,
        status: 'deprecated',
        capabilities: [capability],
      },
      ...{ functionArn: 'arn:aws:lambda:us-east-1:111111111111:function:x', origin: 'api' },
      ...{ limits: { timeoutSeconds: 1, memoryMb: 256 }, price: { perCallUsd: 0 }, tags: [] },
      ...{
        registeredAt: '2026-11-28T12:34:56.000Z',
        health: { [capability.name]: health },
        now: { inflight: 3, breaker: 'trial' },
      },
    }
    const answers: Readonly<Record<string, unknown>> = {
      '/api/v1/tasks': { tasks: [task], cursor: '2026-11-28T12:34:56.000Z#t_01k8h2b89fe0albcfc02v30f99' },
      [`/api/v1/tasks/${task.taskId}`]: { ...task, steps: [step, { ...step, status: 'pending' }] },
      [`/api/v1/tasks/${task.taskId}/steps/a`]: step,
      '/api/v1/agents': { agents: [agent, { ...agent, capabilities: [capability, capability] }] },
    }
    const server = createServer(({ url = '' }, response) => {
      const body = answers[url.split('?')[0] ?? '']
      response
        .writeHead(body ? 200 : 404, { 'content-type': 'application/json' })
        .end(JSON.stringify(body ?? {}))
    }).listen(0, '127.0.0.1')
    await new Promise((resolve) => server.once('listening', resolve))
    const env = { ORCHESTRATOR_URL: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }
    const { taskId } = task
    for (const args of [['list'], ['status', taskId], ['explain', taskId, 'a'], ['agents']]) {
      const { code, stdout, stderr } = await runCli(args, env)
      expect({ args, code, stderr, tooWide: tooWide(stdout) }).toEqual({
        args,
        code: 0,
        stderr: '',
        tooWide: [],
      })
      const shown = args[0] === 'agents' ? capability.name : name
      for (const character of new Set(seen(shown))) expect(stdout).toContain(character)
    }
    server.close()
    server.closeAllConnections()
  })

  it('and the lines of a terminal hold a table that is kept up to date, its header first', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 100 }), fc.integer({ min: 3, max: 60 }), (count, height) => {
        const lines = Array.from({ length: count }, (_, at) => `line ${at}`)
        const shown = screenOf(lines, height)
        expect(shown.length).toBeLessThan(height)
        expect(shown[0]).toBe('line 0')
        const left = count - shown.length
        if (left > 0) expect(shown.at(-1)).toContain(`and ${left + 1} lines more`)
        else expect(shown).toEqual(lines)
      }),
    )
  })
})
