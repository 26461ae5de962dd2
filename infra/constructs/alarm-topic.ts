import { Duration, RemovalPolicy, Stack } from 'aws-cdk-lib'
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam'
import { Key } from 'aws-cdk-lib/aws-kms'
import { Topic } from 'aws-cdk-lib/aws-sns'
import type { Construct } from 'constructs'
import type { Stage } from '../stage.ts'

/**
 * The topic that alarms tell, encrypted: by a key of its own, for an alarm cannot publish under the key that SNS has by itself.
 * A key is a dollar a month.
 */
export class AlarmTopic extends Topic {
  constructor(scope: Construct, id: string, { prefix }: Stage) {
    const key = new Key(scope, `${id}Key`, {
      description: `Alarms of ${prefix}`,
      enableKeyRotation: true,
      // It holds nothing that must be read later: messages are gone when they are delivered.
      removalPolicy: RemovalPolicy.DESTROY,
      pendingWindow: Duration.days(7),
    })
    super(scope, id, { topicName: `${prefix}-alarms`, enforceSSL: true, masterKey: key })
    const cloudwatch = new ServicePrincipal('cloudwatch.amazonaws.com')
    const { account, region, partition } = Stack.of(scope)
    const conditions = {
      StringEquals: { 'aws:SourceAccount': account },
      ArnLike: { 'aws:SourceArn': `arn:${partition}:cloudwatch:${region}:${account}:alarm:${prefix}-*` },
    }
    // A policy of its own takes the place of the one that lets CloudWatch publish.
    this.addToResourcePolicy(
      new PolicyStatement({
        sid: 'AlarmsPublish',
        principals: [cloudwatch],
        actions: ['sns:Publish'],
        resources: [this.topicArn],
        conditions,
      }),
    )
    key.addToResourcePolicy(
      new PolicyStatement({
        sid: 'AlarmsEncrypt',
        principals: [cloudwatch],
        actions: ['kms:Decrypt', 'kms:GenerateDataKey'],
        resources: ['*'],
        conditions: { StringEquals: { 'aws:SourceAccount': account } },
      }),
    )
  }
}
