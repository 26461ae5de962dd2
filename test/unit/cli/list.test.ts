import stringWidth from 'string-width'
import { expect, it } from 'vitest'
import { runCliAgainst, taskView } from '../../support/cloud/run-cli-against.ts'

it('has a line for each task in 80 columns, however long it took', async () => {
  const workflow = { name: 'temperature', version: 1 }
  const ended = (durationMs: number) => taskView({ status: 'succeeded', workflow, durationMs })
  const running = taskView({ workflow, createdAt: new Date(Date.now() - 719_000).toISOString() })
  const tasks = [running, ...[850, 22_840, 719_900, 86_399_000, 3e9].map(ended)]
  const { stdout } = await runCliAgainst(() => ({ tasks }), ['list'], { COLUMNS: '80' })
  const lines = stdout.trimEnd().split('\n')
  expect(lines).toHaveLength(1 + tasks.length)
  for (const line of lines) expect(stringWidth(line)).toBeLessThanOrEqual(80)
  expect(lines[1]).toMatch(/ {2}(11m 59s|12m 0s)$/)
})
