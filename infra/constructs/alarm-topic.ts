import { Duration, RemovalPolicy, Stack } from 'aws-cdk-lib'
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam'
import { Key } from 'aws-cdk-lib/aws-kms'
import { Topic } from 'aws-cdk-lib/aws-sns'
import type { Construct } from 'constructs'
import type { Stage } from '../stage.ts'

/**
 * The topic for alarm notifications. It is encrypted with its own key, because alarms cannot publish under the AWS managed key
 * of SNS. A key costs a dollar a month.
 */
export class AlarmTopic extends Topic {
  constructor(scope: Construct, id: string, { prefix }: Stage) {
    const key = new Key(scope, `${id}Key`, {
      description: `Alarms of ${prefix}`,
      enableKeyRotation: true,
      // Nothing is lost: delivered messages are not kept.
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
    // A topic policy of our own replaces the default one, which lets CloudWatch publish.
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
