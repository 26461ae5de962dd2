import * as z from 'zod'
import type { Provisioners } from '../assembly/provision.ts'
import type { SecretsService } from './service.ts'

const ParameterSchema = z.object({ Name: z.string(), Value: z.string() })

/** Parameters of SSM that a template makes. */
export const parameterProvisioners = (secrets: SecretsService): Provisioners => ({
  'AWS::SSM::Parameter': async ({ properties }) => {
    const { Name, Value } = ParameterSchema.parse(properties)
    secrets.putParameter(Name, Value)
    return { ref: Name, attributes: { Value, Type: 'String' } }
  },
})
