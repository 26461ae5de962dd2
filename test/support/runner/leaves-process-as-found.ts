import { afterAll, beforeAll } from 'vitest'

/** What a listener left behind would change for the files that run next in the same process: a second Ctrl-C, say, ends it. */
const EVENTS = [
  'SIGINT',
  'SIGTERM',
  'SIGHUP',
  'unhandledRejection',
  'uncaughtException',
  'beforeExit',
] as const

const listening = () => EVENTS.map((event) => [event, process.listeners(event as 'SIGINT')] as const)

let found: ReturnType<typeof listening> = []

beforeAll(() => {
  found = listening()
})

/** Fails the file that leaves one. */
afterAll(() => {
  const left = listening().flatMap(([event, listeners], at) =>
    listeners
      .filter((each) => !found[at]?.[1].includes(each))
      .map((each) => `${event}: ${each.name || each}`),
  )
  if (left.length > 0) throw new Error(`this file leaves listeners on the process: ${left.join('; ')}`)
})
