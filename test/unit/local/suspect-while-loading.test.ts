import { expect, it } from 'vitest'
import { RunningJournal } from '../../../local/lambda/running-journal.ts'
import { exitError } from '../../../local/lambda/sandbox/how-it-ended.ts'
import { makeFunction } from '../../support/cloud/fake-sandboxes.ts'

it('stays apart when its sandbox dies before the bundle is loaded, for which it can do nothing (sandbox/L4)', async () => {
  const journal = RunningJournal.inMemory()
  journal.blame('suspect')
  const { one, opened } = makeFunction({ journal })
  const answers = [one.invoke('"suspect"', 'suspect')]
  opened[0]?.events.ended(exitError('no memory to load it'))
  await new Promise((resolve) => setImmediate(resolve))
  answers.push(one.invoke('"other"'))
  for (const { events } of opened.slice(1)) events.message({ kind: 'ready' })
  expect(opened.map(({ invoked }) => invoked)).toEqual([[], ['"suspect"'], ['"other"']])
  await one.stop()
  await Promise.all(answers)
})
