import { unlessAws } from '../../aws-errors.ts'

/** Whether a write has found its condition fulfilled. */
export const unlessFailed = (send: () => Promise<unknown>): Promise<boolean> =>
  unlessAws(['ConditionalCheckFailedException'], async () => send().then(() => true)).then(Boolean)
