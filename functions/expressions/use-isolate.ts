import { useBound } from '../../shared/workflow/bounded-work.ts'
import { useEvaluator } from '../../shared/workflow/evaluator.ts'
import { interruptible } from './interruptible.ts'
import { isolatedEvaluator } from './isolated-evaluator.ts'

/** The share of the function's memory for the expression threads; the rest is for the invocation itself. */
const SHARE = 0.4
const MOST_MB = 128
const DEFAULT_MB = 512

/** Imported by the entry points of bundles: `infra/bundle-functions.ts` lays the thread's module and its realm beside each. */
const functionMb = Number(process.env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE ?? DEFAULT_MB)

useBound(interruptible)
useEvaluator(
  isolatedEvaluator({
    module: new URL('./expressions-worker.mjs', import.meta.url),
    realm: new URL('./expressions-realm.js', import.meta.url),
    memoryMb: Math.round(Math.min(MOST_MB, functionMb * SHARE)),
  }),
)
