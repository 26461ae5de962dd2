import { hostSuspending } from '../../../shared/host/suspending/host-suspending.ts'
import type { HostSuspending } from '../../../shared/host/suspending/suspending-part.ts'
import type { Callbacks, Suspensions } from '../../../shared/ports/index.ts'
import { dynamodbCallbacks } from '../../adapters/dynamodb/suspending/callbacks.ts'
import { dynamodbSuspensions } from '../../adapters/dynamodb/suspending/suspensions.ts'
import { tasksTable } from '../clients.ts'
import { environment } from '../environment.ts'
import { once } from '../once.ts'
import { waits } from '../queue-ports.ts'

export const suspensions = (): Suspensions => once('suspensions', () => dynamodbSuspensions(tasksTable()))

export const callbacks = (): Callbacks => once('callbacks', () => dynamodbCallbacks(tasksTable()))

/** What the function of an agent that suspends has, besides (infra/agent-entry.ts). */
export const suspendPorts = (): { suspending: HostSuspending } => ({
  suspending: hostSuspending({
    suspensions: suspensions(),
    callbacks: callbacks(),
    waits: waits(),
    callbackUrl: environment().CALLBACK_URL,
  }),
})
