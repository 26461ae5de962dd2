import * as z from 'zod'
import { type Place, textOf } from '../assembly/place.ts'
import type { Provisioners } from '../assembly/provision.ts'
import { type IamService, StatementSchema } from './service.ts'

const PolicySchema = z.object({
  PolicyDocument: z.object({ Statement: z.array(StatementSchema) }),
  Roles: z.array(z.string()),
})

const RoleSchema = z.object({ ManagedPolicyArns: z.array(z.string()).default([]) })
const ManagedPolicySchema = z.object({
  ManagedPolicyName: z.string(),
  PolicyDocument: z.object({ Statement: z.array(StatementSchema) }),
})

export function iamProvisioners(iam: IamService, { account }: Place): Provisioners {
  return {
    'AWS::IAM::Role': async ({ stack, logicalId, properties }) => {
      const name = textOf(properties, 'RoleName') ?? `${stack}-${logicalId}`
      const roleArn = `arn:aws:iam::${account}:role/${name}`
      iam.putRole(name, roleArn, RoleSchema.parse(properties).ManagedPolicyArns)
      return { ref: name, attributes: { Arn: roleArn, RoleId: name } }
    },

    'AWS::IAM::ManagedPolicy': async ({ properties }) => {
      const { ManagedPolicyName, PolicyDocument } = ManagedPolicySchema.parse(properties)
      const arn = `arn:aws:iam::${account}:policy/${ManagedPolicyName}`
      iam.putPolicy(arn, PolicyDocument.Statement)
      return { ref: arn }
    },

    'AWS::IAM::Policy': async ({ logicalId, properties }) => {
      const { PolicyDocument, Roles } = PolicySchema.parse(properties)
      for (const role of Roles) iam.attach(role, PolicyDocument.Statement)
      return { ref: logicalId }
    },
  }
}
