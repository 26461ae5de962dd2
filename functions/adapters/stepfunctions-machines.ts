import { CreateStateMachineCommand, DescribeStateMachineCommand, type SFNClient } from '@aws-sdk/client-sfn'
import { OrchestratorError } from '../../shared/domain/errors.ts'
import type { Machines } from '../../shared/ports/index.ts'
import { callAws, unlessAws } from './aws-errors.ts'

type Settings = {
  client: SFNClient
  /** What the ARNs of all our machines begin with. */
  arnPrefix: string
  roleArn: string
  /** For the names in `${...}` that the compiler leaves open. */
  substitutions: Readonly<Record<string, string>>
}

export function stepfunctionsMachines({ client, arnPrefix, roleArn, substitutions }: Settings): Machines {
  /** Machines that are there. */
  const known = new Set<string>()

  async function createUnlessThere(stateMachineArn: string, definition: string): Promise<void> {
    const describe = new DescribeStateMachineCommand({ stateMachineArn })
    // Asking is cheap; creating is limited to about one a second.
    const there = await unlessAws(['StateMachineDoesNotExist'], () => client.send(describe))
    if (there) return
    const create = new CreateStateMachineCommand({
      name: stateMachineArn.split(':').at(-1),
      definition,
      roleArn,
      type: 'STANDARD',
      tracingConfiguration: { enabled: true },
    })
    // The same name, definition and role once more is answered with the machine that is there.
    await callAws(() => client.send(create))
  }

  return {
    async ensure({ name, definition }) {
      if (arnPrefix === '' || roleArn === '')
        throw new OrchestratorError(
          'ConfigError',
          'this function makes no machines: MACHINES and MACHINE_ROLE are not set',
        )
      const arn = `${arnPrefix}${name}`
      if (!known.has(arn)) await createUnlessThere(arn, fillIn(definition, substitutions))
      known.add(arn)
      return arn
    },
  }
}

function fillIn(definition: object, values: Readonly<Record<string, string>>): string {
  return JSON.stringify(definition).replace(/\$\{(\w+)\}/g, (whole, name: string) => values[name] ?? whole)
}
