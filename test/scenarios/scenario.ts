import type { Door } from './door.ts'

export type Scenario = {
  name: string
  /** It tells what a stage without a model does; one with a model does more. */
  withoutModel?: true
  /** MiniStack retries every error, also one that is final: a failure takes it longer than it is worth there. */
  failsSlowlyOnEmulator?: true
  run(door: Door): Promise<void>
}
