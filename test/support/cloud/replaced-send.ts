import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'

/** A command of any AWS client; a fake tells commands apart by `instanceof`. */
export type Command = { readonly input: object }
export type Send = (command: Command) => Promise<unknown>

/** A client like the given one whose `send` is replaced, so that no command reaches the network. */
export function withSend<Client extends object>(client: Client, send: Send): Client {
  const inheriting: Client = Object.create(client)
  return Object.assign(inheriting, { send })
}

// Shared, because tests of interleavings make a client for each of thousands of processes.
const DOCUMENT_CLIENT = DynamoDBDocumentClient.from(new DynamoDBClient({ region: 'eu-west-1' }))

/** A DynamoDB document client whose commands are answered by `send`. */
export const documentClientWith = (send: Send): DynamoDBDocumentClient => withSend(DOCUMENT_CLIENT, send)
