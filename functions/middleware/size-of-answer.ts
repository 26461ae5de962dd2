import type { APIGatewayProxyStructuredResultV2 } from 'aws-lambda'

/** Lambda's limit for an answer: the envelope, which contains the body as an escaped string. */
export const MAX_ANSWER_BYTES = 6 * 1_024 * 1_024 - 1_024

/** The bytes of an answer as it is sent. */
export const bytesOfAnswer = (answer: APIGatewayProxyStructuredResultV2): number =>
  Buffer.byteLength(JSON.stringify(answer))
