import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { SqsService } from '../../../local/sqs/service.ts'

const TARGET = join(import.meta.dirname, '../../support/cloud/queue-writer.ts')
const KILLS = 6
const folder = mkdtempSync(join(tmpdir(), 'killed-queue-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** Runs the process until it has told so many lines, and kills it; returns its whole lines. */
async function live(file: string, lines: number): Promise<string[]> {
  const child = spawn(process.execPath, [TARGET, file], { stdio: ['ignore', 'pipe', 'inherit'] })
  let told = ''
  child.stdout.on('data', (chunk) => {
    told += String(chunk)
    if (told.split('\n').length > lines) child.kill('SIGKILL')
  })
  await once(child, 'close')
  return told.split('\n').slice(0, -1)
}

it('has every message that was accepted and not deleted, in order, after each kill (sqs/Q1, sqs/Q3, sqs/Q7)', async () => {
  const file = join(folder, 'queues.sqlite')
  const all: string[] = []
  for (let kill = 0; kill < KILLS; kill += 1) all.push(...(await live(file, 40 + kill * 37)))
  const named = (kind: string): string[] =>
    all.filter((line) => line.startsWith(`${kind} `)).map((line) => line.slice(kind.length + 1))
  const [sent, deleted] = [named('sent'), new Set(named('deleted'))]
  const sqs = new SqsService({ account: '000000000000', region: 'us-east-1', file })
  const queue = sqs.get('q.fifo')
  const left: string[] = []
  for (;;) {
    const received = queue.receive({ most: 10 })
    if (received.length === 0) break
    left.push(...received.map(({ body }) => body))
    for (const { handle } of received) queue.remove(handle)
  }
  sqs.close()
  expect(new Set(left).size).toBe(left.length)
  expect(left.filter((body) => deleted.has(body))).toEqual([])
  // A process may have been killed between an answer and its line: at most one deletion each.
  const missing = sent.filter((body) => !deleted.has(body) && !left.includes(body))
  expect(missing.length).toBeLessThanOrEqual(KILLS)
  expect(left.length).toBeGreaterThan(KILLS * 10)
  const groupOf = (body: string): number => Number(body.split('-')[1]) % 3
  for (const group of [0, 1, 2]) {
    const ofGroup = (bodies: string[]): string[] => bodies.filter((body) => groupOf(body) === group)
    const known = new Set(sent)
    expect(ofGroup(left).filter((body) => known.has(body))).toEqual(
      ofGroup(sent).filter((body) => left.includes(body)),
    )
  }
})
