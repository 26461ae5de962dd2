import * as z from 'zod'
import { arnIn, type Place, textOf } from '../assembly/place.ts'
import type { Provisioners } from '../assembly/provision.ts'
import type { LambdaService } from '../lambda/service.ts'
import { type EventsService, parseRate } from './service.ts'

const TargetSchema = z
  .object({
    Arn: z.string(),
    DeadLetterConfig: z.object({ Arn: z.string() }).optional(),
    RetryPolicy: z.object({ MaximumRetryAttempts: z.number().optional() }).optional(),
  })
  .transform(({ Arn, DeadLetterConfig, RetryPolicy }) => ({
    arn: Arn,
    deadLetterArn: DeadLetterConfig?.Arn,
    maximumRetryAttempts: RetryPolicy?.MaximumRetryAttempts ?? 185,
  }))

/** Buses and rules. */
export function eventsProvisioners(events: EventsService, lambda: LambdaService, place: Place): Provisioners {
  return {
    'AWS::Events::EventBus': async ({ logicalId, properties }) => {
      const name = textOf(properties, 'Name') ?? logicalId
      events.putBus(name)
      return { ref: name, attributes: { Arn: arnIn(place, 'events', `event-bus/${name}`), Name: name } }
    },

    'AWS::Events::Rule': async ({ logicalId, properties }) => {
      const { EventPattern, ScheduleExpression, EventBusName = 'default', Targets = [] } = properties
      const everyMilliseconds = parseRate(ScheduleExpression as string | undefined)
      if (ScheduleExpression && !everyMilliseconds)
        throw new Error(`${logicalId}: only rate(...) schedules run locally`)
      const targets = z.array(TargetSchema).parse(Targets)
      const arn = arnIn(place, 'events', `rule/${logicalId}`)
      events.putRule({
        name: logicalId,
        arn,
        bus: String(EventBusName),
        pattern: EventPattern as Record<string, unknown> | undefined,
        everyMilliseconds,
        targets,
      })
      if (EventPattern) for (const target of targets) lambda.warm(target.arn)
      return { ref: logicalId, attributes: { Arn: arn } }
    },
  }
}
