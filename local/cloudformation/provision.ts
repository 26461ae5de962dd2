import { randomUUID } from 'node:crypto'
import { arnIn, type Place } from '../assembly/place.ts'
import type { Provisioners } from '../assembly/provision.ts'
import type { LambdaService } from '../lambda/service.ts'
import type { CustomResourceAnswers } from './answers.ts'

/** Custom resources: a function creates each, and responds as it would to CloudFormation. */
export function cloudformationProvisioners(
  lambda: LambdaService,
  answers: CustomResourceAnswers,
  place: Place & { awsUrl: string },
): Provisioners {
  return {
    'AWS::CloudFormation::CustomResource': async ({ stack, logicalId, type, properties, before }) => {
      const { ServiceToken, ...ResourceProperties } = properties
      const id = randomUUID()
      const answer = answers.expect(id)
      const event = {
        ...(before
          ? { RequestType: 'Update', PhysicalResourceId: logicalId, OldResourceProperties: before }
          : { RequestType: 'Create' }),
        ResponseURL: `${place.awsUrl}/_cloudformation/${id}`,
        StackId: arnIn(place, 'cloudformation', `stack/${stack}/local`),
        RequestId: id,
        LogicalResourceId: logicalId,
        ResourceType: type,
        ResourceProperties,
      }
      const outcome = await lambda.invoke(String(ServiceToken), JSON.stringify(event))
      if ('functionError' in outcome)
        throw new Error(
          `${stack}/${logicalId}: ${outcome.functionError.errorType}: ${outcome.functionError.errorMessage}`,
        )
      const { Status, Reason } = await answer
      if (Status !== 'SUCCESS') throw new Error(`${stack}/${logicalId}: ${Reason ?? 'it failed'}`)
      return { ref: logicalId }
    },
  }
}
