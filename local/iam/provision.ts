import * as z from 'zod'
import { type Place, textOf } from '../assembly/place.ts'
import type { Provisioners } from '../assembly/provision.ts'
import { type IamService, StatementSchema } from './service.ts'

const PolicySchema = z.object({
  PolicyDocument: z.object({ Statement: z.array(StatementSchema) }),
  Roles: z.array(z.string()),
})

export function iamProvisioners(iam: IamService, { account }: Place): Provisioners {
  return {
    'AWS::IAM::Role': async ({ stack, logicalId, properties }) => {
      const name = textOf(properties, 'RoleName') ?? `${stack}-${logicalId}`
      const roleArn = `arn:aws:iam::${account}:role/${name}`
      iam.putRole(name, roleArn)
      return { ref: name, attributes: { Arn: roleArn, RoleId: name } }
    },

    'AWS::IAM::Policy': async ({ logicalId, properties }) => {
      const { PolicyDocument, Roles } = PolicySchema.parse(properties)
      for (const role of Roles) iam.attach(role, PolicyDocument.Statement)
      return { ref: logicalId }
    },
  }
}
