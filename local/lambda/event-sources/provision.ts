import { createHash } from 'node:crypto'
import * as z from 'zod'
import { arnIn, type Place } from '../../assembly/place.ts'
import type { Provisioners, ResourceFacts } from '../../assembly/provision.ts'
import { validatePattern } from '../../events/validate-pattern.ts'
import type { SqsService } from '../../sqs/service.ts'
import type { LambdaService } from '../service.ts'
import type { EventSourceMappings } from './service.ts'

/** AWS goes on to a thousand and more; a laptop has a few processors. */
const USUAL_CONCURRENCY = 50

const MappingSchema = z.object({
  EventSourceArn: z.string().startsWith('arn:aws:sqs:', 'the local cloud maps queues of SQS only'),
  FunctionName: z.string(),
  BatchSize: z.int().min(1).max(10_000).default(10),
  MaximumBatchingWindowInSeconds: z.int().min(0).max(300).default(0),
  Enabled: z.boolean().default(true),
  FunctionResponseTypes: z.array(z.literal('ReportBatchItemFailures')).default([]),
  ScalingConfig: z.object({ MaximumConcurrency: z.int().min(2).max(1000).optional() }).default({}),
  FilterCriteria: z
    .object({ Filters: z.array(z.object({ Pattern: z.string() })).max(10) })
    .default({ Filters: [] }),
})
type Mapping = z.infer<typeof MappingSchema>

/** Event source mappings of queues. */
export function eventSourceProvisioners(
  mappings: EventSourceMappings,
  lambda: LambdaService,
  sqs: SqsService,
  place: Place,
): Provisioners {
  return {
    'AWS::Lambda::EventSourceMapping': async (facts) => {
      const at = `${facts.stack}/${facts.logicalId}`
      const given = MappingSchema.parse(facts.properties)
      const queue = sqs.at(given.EventSourceArn)
      const { settings } = lambda.get(given.FunctionName)
      check(at, given, {
        fifo: queue.settings.fifo,
        visibility: queue.settings.visibilityTimeout,
        timeout: settings.timeoutSeconds,
      })
      const id = mappingIdOf(facts)
      if (!given.Enabled) mappings.remove(id)
      else
        mappings.put(id, {
          functionArn: settings.arn,
          queue,
          batchSize: given.BatchSize,
          windowSeconds: given.MaximumBatchingWindowInSeconds,
          maximumConcurrency: given.ScalingConfig.MaximumConcurrency ?? USUAL_CONCURRENCY,
          reportsFailures: given.FunctionResponseTypes.length > 0,
          filters: given.FilterCriteria.Filters.map(({ Pattern }) => patternIn(at, Pattern)),
        })
      const arn = arnIn(place, 'lambda', `event-source-mapping:${id}`)
      return { ref: id, attributes: { Id: id, EventSourceMappingArn: arn } }
    },
  }
}

/** The same at every start. */
export const mappingIdOf = ({ stack, logicalId }: Pick<ResourceFacts, 'stack' | 'logicalId'>): string =>
  createHash('sha256')
    .update(`${stack}/${logicalId}`)
    .digest('hex')
    .replace(/^(.{8})(.{4})(.{4})(.{4})(.{12}).*/, '$1-$2-$3-$4-$5')

/** What Lambda refuses. */
function check(
  at: string,
  { BatchSize, MaximumBatchingWindowInSeconds: window }: Mapping,
  { fifo, visibility, timeout }: { fifo: boolean; visibility: number; timeout: number },
): void {
  if (visibility < timeout)
    throw new Error(
      `${at}: Queue visibility timeout: ${visibility} seconds is less than Function timeout: ${timeout} seconds`,
    )
  if (fifo && window > 0)
    throw new Error(`${at}: MaximumBatchingWindowInSeconds is ${window}; of a FIFO queue it must be 0`)
  if (fifo && BatchSize > 10)
    throw new Error(`${at}: BatchSize is ${BatchSize}; of a FIFO queue it is at most 10`)
  if (BatchSize > 10 && window === 0)
    throw new Error(
      `${at}: BatchSize is ${BatchSize}; above 10 it needs MaximumBatchingWindowInSeconds of 1 or more`,
    )
}

function patternIn(at: string, text: string): Record<string, unknown> {
  let pattern: unknown
  try {
    pattern = JSON.parse(text)
  } catch {
    throw new Error(`${at}: the filter ${text.slice(0, 200)} is no JSON`)
  }
  validatePattern(pattern, `${at}: the filter`)
  return pattern as Record<string, unknown>
}
