import { App, Stack } from 'aws-cdk-lib'
import { Template } from 'aws-cdk-lib/assertions'
import { describe, expect, it } from 'vitest'
import { BundledFunction } from '../../infra/constructs/bundled-function.ts'
import { givePorts } from '../../infra/constructs/port-grants.ts'
import { featureFlags } from '../../infra/feature-flags.ts'
import { DataStack } from '../../infra/stacks/data-stack.ts'
import { StageSchema } from '../../infra/stage.ts'

/** The lifecycle of the bucket of tasks and files. */
function rulesOf(stage: object): Record<string, unknown>[] {
  const stack = new DataStack(new App({ context: featureFlags() }), 'data', {
    stage: StageSchema.parse(stage),
  })
  const buckets = Object.values(Template.fromStack(stack).findResources('AWS::S3::Bucket'))
  const { LifecycleConfiguration } = buckets
    .map(({ Properties }) => Properties as { LoggingConfiguration?: object; LifecycleConfiguration: object })
    .find(({ LoggingConfiguration }) => LoggingConfiguration !== undefined) as {
    LifecycleConfiguration: { Rules: Record<string, unknown>[] }
  }
  return LifecycleConfiguration.Rules
}

describe('the retention of data', () => {
  it('is unlimited by default', () => {
    const rules = rulesOf({})
    const expiring = rules.filter(({ ExpirationInDays }) => ExpirationInDays !== undefined)
    // Large answers of the API, which are sent as links.
    expect(expiring).toEqual([
      {
        Id: 'answers',
        Status: 'Enabled',
        Prefix: 'tasks/answers/',
        ExpirationInDays: 1,
        NoncurrentVersionExpiration: { NoncurrentDays: 1 },
      },
    ])
  })

  it('of old versions and backups follows the stage', () => {
    const versions = (context: object) =>
      rulesOf(context).flatMap(({ Id, NoncurrentVersionExpiration }) =>
        Id === undefined && NoncurrentVersionExpiration ? [NoncurrentVersionExpiration] : [],
      )
    expect(versions({})).toEqual([{ NoncurrentDays: 30 }])
    expect(versions({ versionRetentionDays: 3 })).toEqual([{ NoncurrentDays: 3 }])
  })

  it('follows the stage: values expire a week after their ended tasks, uploads by their age', () => {
    const rules = rulesOf({ taskRetentionDays: '30', fileRetentionDays: 10 })
    expect(rules.filter(({ Id }) => Id !== undefined && Id !== 'answers')).toEqual([
      {
        Id: 'ended-tasks',
        Status: 'Enabled',
        Prefix: 'tasks/',
        TagFilters: [{ Key: 'task', Value: 'ended' }],
        ExpirationInDays: 37,
      },
      {
        Id: 'files-of-ended-tasks',
        Status: 'Enabled',
        Prefix: 'task-files/',
        TagFilters: [{ Key: 'task', Value: 'ended' }],
        ExpirationInDays: 37,
      },
      { Id: 'uploads', Status: 'Enabled', Prefix: 'files/', ExpirationInDays: 10 },
      { Id: 'marks', Status: 'Enabled', ExpiredObjectDeleteMarker: true },
    ])
  })

  it.each([
    [{ taskRetentionDays: 30 }, ['tasks/*', 'task-files/*']],
    [{}, []],
  ])('lets a function list the values of tasks only where it marks them: %j', (given, expected) => {
    const app = new App({ context: featureFlags() })
    const stage = StageSchema.parse(given)
    const stack = new Stack(app, 'runtime')
    const marks = new BundledFunction(stack, 'Marks', {
      stage,
      name: 'marks',
      description: '',
      folder: import.meta.dirname,
      timeoutSeconds: 1,
      memoryMb: 128,
    })
    givePorts(
      marks,
      { tasks: ['end'] },
      { stage, name: 'marks', data: new DataStack(app, 'data', { stage }) },
    )
    type Statement = { Action: unknown; Condition?: { StringLike: Record<string, string[]> } }
    const statements = Object.values(Template.fromStack(stack).findResources('AWS::IAM::Policy')).flatMap(
      ({ Properties }) =>
        (Properties as { PolicyDocument: { Statement: Statement[] } }).PolicyDocument.Statement,
    )
    const listing = statements.filter(({ Action }) => Action === 's3:ListBucket')
    expect(listing.flatMap(({ Condition }) => Condition?.StringLike['s3:prefix'])).toEqual(expected)
  })

  it.each([{ taskRetentionDays: 0 }, { fileRetentionDays: 'a week' }])('is refused for %j', (stage) => {
    expect(StageSchema.safeParse(stage).success).toBe(false)
  })
})
