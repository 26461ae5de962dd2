import type { Gates, Ledger, Outputs, Transcripts, Turns } from '../../shared/ports/index.ts'
import { dynamodbTranscripts } from '../adapters/dynamodb/conversations/transcripts.ts'
import { dynamodbTurns } from '../adapters/dynamodb/conversations/turns.ts'
import { dynamodbGates } from '../adapters/dynamodb/steps/gates.ts'
import { dynamodbLedger } from '../adapters/dynamodb/steps/ledger.ts'
import { dynamodbOutputs } from '../adapters/dynamodb/steps/outputs.ts'
import { tasksTable } from './clients.ts'
import { once } from './once.ts'

export const gates = (): Gates => once('gates', () => dynamodbGates(tasksTable()))

export const outputs = (): Outputs => once('outputs', () => dynamodbOutputs(tasksTable()))

export const ledger = (): Ledger => once('ledger', () => dynamodbLedger(tasksTable()))

export const turns = (): Turns => once('turns', () => dynamodbTurns(tasksTable()))

export const transcripts = (): Transcripts => once('transcripts', () => dynamodbTranscripts(tasksTable()))
