import { injectLambdaContext } from '@aws-lambda-powertools/logger/middleware'
import { Tracer } from '@aws-lambda-powertools/tracer'
import { captureLambdaHandler } from '@aws-lambda-powertools/tracer/middleware'
import middy from '@middy/core'
import type { Context } from 'aws-lambda'
import { controlStep } from '../../shared/app/control/control-step.ts'
import { ControlPayloadSchema } from '../../shared/contracts/step-payload.ts'
import { failureOf } from '../../shared/domain/bounded.ts'
import { shellWord } from '../../shared/domain/shell-word.ts'
import { knowledgePorts } from '../deps/knowledge-ports.ts'
import { bell, messages } from '../deps/messages/message-ports.ts'
import { clock, ids, logger } from '../deps/platform.ts'
import { queuePorts } from '../deps/queue-ports.ts'
import { collectables, workflows } from '../deps/registry-ports.ts'
import { machines } from '../deps/state-machines.ts'
import { gates } from '../deps/step-ports.ts'
import { suspensions } from '../deps/suspending/suspend-ports.ts'
import { taskPorts } from '../deps/task-ports.ts'

const log = logger()
const control = controlStep({
  ...taskPorts(),
  ...knowledgePorts(),
  ...queuePorts(),
  gates: gates(),
  messages: messages(),
  suspensions: suspensions(),
  bell: bell(),
  workflows: workflows(),
  collectables: collectables(),
  machines: machines(),
  clock,
  ids: ids(),
})

export const handler = middy()
  .use(injectLambdaContext(log))
  .use(captureLambdaHandler(new Tracer()))
  .handler(async (event: unknown, context: Context) => {
    const payload = ControlPayloadSchema.parse(event)
    const { taskId, path: stepId, at } = payload
    let facts = {}
    const answer = await control({ ...payload, owner: context.awsRequestId }, (told) => {
      facts = told
    }).catch((error: unknown) => {
      // Without its message, which may quote the step's input.
      const see = `npx orchestrator explain ${taskId} ${shellWord(stepId)}`
      log.warn('step failed', { taskId, stepId, ...facts, at, errorName: failureOf(error).name, see })
      throw error
    })
    // For debugging of the orchestrator alone. Only the names are logged, because the values may come from users.
    log.debug('step controlled', { taskId, stepId, ...facts, at, answer: Object.keys(answer) })
    return answer
  })
