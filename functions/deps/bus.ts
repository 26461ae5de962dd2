import type { EventBus } from '../../shared/ports/index.ts'
import { eventbridgeEventBus } from '../adapters/eventbridge/event-bus.ts'
import { countingBus } from '../telemetry/metrics.ts'
import { eventBridge } from './clients.ts'
import { environment } from './environment.ts'
import { once } from './once.ts'
import { logger } from './platform.ts'

export const bus = (): EventBus =>
  once('bus', () =>
    countingBus(
      eventbridgeEventBus({
        client: eventBridge(),
        busName: environment().EVENT_BUS,
        onLost: (facts) => logger().warn('event not published', facts),
      }),
    ),
  )
