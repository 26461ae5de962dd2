import {
  AgentCallSchema,
  CalledFileSchema,
  LambdaAnswerSchema,
  OutputAnswerSchema,
  SuspendedAnswerSchema,
} from '../../shared/contracts/agent-contract.ts'
import { STATUSES } from '../../shared/contracts/agent-contract-document.ts'
import { fieldsOf, fieldTable } from './field-rows.ts'
import { code, table } from './table.ts'

/** The made part of docs/reference/agent-contract.md: the fields of calls and answers, and what statuses mean. */
export function contractPart(): string {
  const [error] = LambdaAnswerSchema.options
  return [
    '## The call',
    fieldTable(AgentCallSchema.shape),
    'Each of `files`:',
    fieldTable(CalledFileSchema.shape),
    '## Answers over HTTP',
    table(
      ['status', 'means', 'and'],
      STATUSES.map(({ status, means, description }) => [code(status), means, description]),
    ),
    'The body of a 200:',
    fieldTable(OutputAnswerSchema.shape),
    'The body of a 202, if it has one:',
    fieldTable(SuspendedAnswerSchema.shape),
    '## Results of Lambda functions',
    'One of `{output}`, with the fields of a 200; `{suspended: true}`, with those of a 202; and `{error}`:',
    fieldTable(fieldsOf(error.shape.error) ?? {}),
  ].join('\n\n')
}
