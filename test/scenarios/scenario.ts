import type { Door } from './door.ts'

export type Scenario = {
  name: string
  /** It tells what a stage without a model does; one with a model does more. */
  withoutModel?: true
  run(door: Door): Promise<void>
}
