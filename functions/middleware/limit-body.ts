import type middy from '@middy/core'
import type { APIGatewayProxyEventV2 } from 'aws-lambda'
import { OrchestratorError } from '../../shared/domain/errors.ts'

/** A request travels inside an event of at most 6 MB, escaped. AWS would refuse a larger one with an error that is not ours. */
const MOST_CHARACTERS = 2_000_000

/** Refuses bodies that are too large before they are parsed. */
export const limitBody = (): middy.MiddlewareObj<APIGatewayProxyEventV2> => ({
  before: ({ event: { body } }) => {
    const characters = body?.length ?? 0
    if (characters <= MOST_CHARACTERS) return
    const message = `the body has ${characters} characters; the API takes at most ${MOST_CHARACTERS}: larger data belongs in files (POST /files)`
    throw new OrchestratorError('ContentTooLargeError', message, { characters })
  },
})
