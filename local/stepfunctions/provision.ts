import { readFile } from 'node:fs/promises'
import * as z from 'zod'
import { arnIn, type Place } from '../assembly/place.ts'
import type { Provisioners } from '../assembly/provision.ts'
import type { StepFunctionsService } from './service.ts'

type MachinePlace = Place & { assets: ReadonlyMap<string, string> }

const MachineSchema = z.object({
  StateMachineName: z.string().optional(),
  DefinitionString: z.string().optional(),
  DefinitionS3Location: z.object({ Key: z.string() }).optional(),
  DefinitionSubstitutions: z.record(z.string(), z.string()).default({}),
  RoleArn: z.string(),
})

export function stepFunctionsProvisioners(
  stepfunctions: StepFunctionsService,
  place: MachinePlace,
): Provisioners {
  return {
    'AWS::StepFunctions::StateMachine': async ({ logicalId, properties }) => {
      const machine = MachineSchema.parse(properties)
      const name = machine.StateMachineName ?? logicalId
      const stateMachineArn = arnIn(place, 'states', `stateMachine:${name}`)
      const text =
        machine.DefinitionString ?? (await definitionIn(place, name, machine.DefinitionS3Location?.Key))
      const definition = substitute(logicalId, text, machine.DefinitionSubstitutions)
      const { revisionId } = stepfunctions.putStateMachine({
        stateMachineArn,
        name,
        definition,
        roleArn: machine.RoleArn,
      })
      // The revision id changes with every update, so that dependent resources are provisioned again.
      const attributes = { Arn: stateMachineArn, Name: name, StateMachineRevisionId: revisionId }
      return { ref: stateMachineArn, attributes }
    },

    'AWS::StepFunctions::StateMachineVersion': async ({ properties }) => {
      const { stateMachineArn: ref } = stepfunctions.publishVersion(String(properties.StateMachineArn))
      return { ref, attributes: { Arn: ref } }
    },
  }
}

async function definitionIn({ assets }: MachinePlace, name: string, key = ''): Promise<string> {
  const path = assets.get(key)
  if (path) return readFile(path, 'utf8')
  throw new Error(`state machine ${name}: its definition (${key}) is not in the assembly`)
}

function substitute(logicalId: string, definition: string, values: Record<string, string>): string {
  return definition.replace(/\$\{([A-Za-z0-9]+)\}/g, (whole, name: string) => {
    const value = values[name]
    if (value === undefined)
      throw new Error(`${logicalId}: its definition has ${whole}, for which there is no substitution`)
    return value
  })
}
