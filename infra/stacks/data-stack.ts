import { CfnOutput, Duration, RemovalPolicy, Stack } from 'aws-cdk-lib'
import { AttributeType, BillingMode, Table, TableEncryption } from 'aws-cdk-lib/aws-dynamodb'
import { EventBus } from 'aws-cdk-lib/aws-events'
import { Key, KeySpec, KeyUsage } from 'aws-cdk-lib/aws-kms'
import { LogGroup, type RetentionDays } from 'aws-cdk-lib/aws-logs'
import {
  BlockPublicAccess,
  Bucket,
  BucketEncryption,
  type CorsRule,
  HttpMethods,
  type IBucket,
  type LifecycleRule,
  ObjectLockRetention,
  ObjectOwnership,
} from 'aws-cdk-lib/aws-s3'
import type { Construct } from 'constructs'
import { PREFLIGHT_SECONDS } from '../../shared/contracts/cross-origin.ts'
import {
  ANSWERS_PREFIX,
  EXPIRY_ATTRIBUTE,
  EXPIRY_TAG,
  REGISTRY_INDEXES,
  TASK_INDEXES,
  VALUES_PREFIX,
} from '../../shared/contracts/table-layout.ts'
import { EVENT_SOURCE } from '../../shared/domain/event.ts'
import { FILES_PREFIX, TASK_FILES_PREFIX } from '../../shared/domain/file-reference.ts'
import { REST_OUTLIVES_DAYS } from '../../shared/domain/retention.ts'
import type { Stage } from '../stage.ts'

/** DynamoDB's default, and its most. */
const MOST_BACKUP_DAYS = 35

/** Matches no event that exists. */
const NO_TYPE = 'none: this archive is switched off'

type Index = { name: string; partition: string; sort: string }

/** A task's objects are tagged when it ends, and expire together with its items; uploads expire by their age. */
function retentionRules({ taskRetentionDays, fileRetentionDays }: Stage): LifecycleRule[] {
  const values = taskRetentionDays && {
    id: 'ended-tasks',
    prefix: VALUES_PREFIX,
    tagFilters: { [EXPIRY_TAG.key]: EXPIRY_TAG.value },
    expiration: Duration.days(taskRetentionDays + REST_OUTLIVES_DAYS),
  }
  const uploads = fileRetentionDays && {
    id: 'uploads',
    prefix: FILES_PREFIX,
    expiration: Duration.days(fileRetentionDays),
  }
  const files = values && { ...values, id: 'files-of-ended-tasks', prefix: TASK_FILES_PREFIX }
  const rules = [values, files, uploads].filter((rule) => rule !== undefined && rule !== 0)
  // Deleting a version leaves a delete marker behind.
  return rules.length > 0 ? [...rules, { id: 'marks', expiredObjectDeleteMarker: true }] : []
}

/**
 * What pages may do with signed links and forms, which the API gives to those alone who may call it. A page that follows the API's
 * redirect (303) to an answer that is stored asks with `Origin: null`, which no list of origins contains: reading is open to all origins,
 * because who has no signed link reads nothing.
 */
function crossOrigin(allowedOrigins: string[]): CorsRule[] {
  const exposedHeaders = ['accept-ranges', 'content-disposition', 'content-length', 'content-range', 'etag']
  return [
    { allowedMethods: [HttpMethods.POST], allowedOrigins, allowedHeaders: ['*'], maxAge: PREFLIGHT_SECONDS },
    {
      allowedMethods: [HttpMethods.GET, HttpMethods.HEAD],
      allowedOrigins: ['*'],
      allowedHeaders: ['*'],
      exposedHeaders,
      maxAge: PREFLIGHT_SECONDS,
    },
  ]
}

/**
 * The resources that must outlive every deployment. Their construct ids never change. All are retained in every case: even a
 * first deployment that fails cannot delete a protected table, and `npm run deploy` imports the retained resources
 * (scripts/deployment/).
 */
export class DataStack extends Stack {
  readonly tasks: Table
  readonly registry: Table
  readonly bucket: Bucket
  readonly bus: EventBus
  /** Where signed ends of audit chains are kept; only in a stage with `auditAnchorDays`. */
  readonly anchors: { bucket: Bucket; key: Key } | undefined
  /** The access logs of the API. */
  readonly accessLogs: LogGroup

  constructor(scope: Construct, id: string, { stage }: { stage: Stage }) {
    super(scope, id, { description: 'Orchestrator: tables, bucket and event bus (retained)' })
    this.tasks = this.#addTable('Tasks', TASK_INDEXES, stage)
    this.registry = this.#addTable('Registry', REGISTRY_INDEXES, stage)
    const accessLogs = this.#addAccessLogs(stage)
    this.bucket = new Bucket(this, 'Bucket', {
      encryption: BucketEncryption.S3_MANAGED,
      blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
      enforceSSL: true,
      versioned: true,
      serverAccessLogsBucket: accessLogs as IBucket,
      lifecycleRules: [
        {
          abortIncompleteMultipartUploadAfter: Duration.days(1),
          noncurrentVersionExpiration: Duration.days(stage.versionRetentionDays),
        },
        // Links to stored answers are valid for minutes only.
        {
          id: 'answers',
          prefix: ANSWERS_PREFIX,
          expiration: Duration.days(1),
          noncurrentVersionExpiration: Duration.days(1),
        },
        ...retentionRules(stage),
      ],
      ...(stage.allowedOrigins.length > 0 ? { cors: crossOrigin(stage.allowedOrigins) } : {}),
      removalPolicy: RemovalPolicy.RETAIN,
    })
    this.bus = new EventBus(this, 'Bus', {
      eventBusName: stage.prefix,
      description: 'What agents and tasks tell',
    })
    this.bus.applyRemovalPolicy(RemovalPolicy.RETAIN)
    // Present even when switched off: removed from the template, it would be retained and continue to record. Switched off, it records
    // nothing more, and its events expire by its retention.
    const archive = this.bus.archive('Archive', {
      eventPattern: stage.archiveEvents ? { source: [EVENT_SOURCE] } : { detailType: [NO_TYPE] },
      retention: Duration.days(stage.archiveDays),
      description: 'For replay',
    })
    archive.applyRemovalPolicy(RemovalPolicy.RETAIN)
    this.accessLogs = new LogGroup(this, 'ApiAccessLogs', {
      logGroupName: `/aws/vendedlogs/apis/${stage.prefix}/access`,
      retention: stage.logRetentionDays as RetentionDays,
      removalPolicy: RemovalPolicy.RETAIN,
    })
    this.anchors = this.#addAnchors(stage, accessLogs)
    const buckets = [this.bucket, accessLogs, ...(this.anchors ? [this.anchors.bucket] : [])]
    // A retained bucket must keep its policy: TLS only, and the delivery of access logs.
    for (const bucket of buckets) bucket.policy?.applyRemovalPolicy(RemovalPolicy.RETAIN)
    new CfnOutput(this, 'TasksTable', { value: this.tasks.tableName })
    new CfnOutput(this, 'RegistryTable', { value: this.registry.tableName })
    new CfnOutput(this, 'BucketName', { value: this.bucket.bucketName })
    new CfnOutput(this, 'BusName', { value: this.bus.eventBusName })
  }

  /**
   * A bucket of its own: the lock is set when it is made. What is in it can be deleted earlier only with `s3:BypassGovernanceRetention`, which no
   * function has.
   */
  #addAnchors({ auditAnchorDays }: Stage, accessLogs: Bucket): { bucket: Bucket; key: Key } | undefined {
    if (auditAnchorDays === undefined) return undefined
    const bucket = new Bucket(this, 'Anchors', {
      encryption: BucketEncryption.S3_MANAGED,
      blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
      enforceSSL: true,
      versioned: true,
      objectLockEnabled: true,
      objectLockDefaultRetention: ObjectLockRetention.governance(Duration.days(auditAnchorDays)),
      serverAccessLogsBucket: accessLogs as IBucket,
      serverAccessLogsPrefix: 'anchors/',
      removalPolicy: RemovalPolicy.RETAIN,
    })
    const key = new Key(this, 'AnchorKey', {
      description: 'Signs anchors of the audit',
      keySpec: KeySpec.ECC_NIST_P256,
      keyUsage: KeyUsage.SIGN_VERIFY,
      removalPolicy: RemovalPolicy.RETAIN,
    })
    new CfnOutput(this, 'AnchorsBucket', { value: bucket.bucketName })
    new CfnOutput(this, 'AnchorKeyArn', { value: key.keyArn })
    return { bucket, key }
  }

  /** Object-level access logs of the bucket, with the retention of the other logs. */
  #addAccessLogs({ logRetentionDays }: Stage): Bucket {
    return new Bucket(this, 'AccessLogs', {
      encryption: BucketEncryption.S3_MANAGED,
      blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
      objectOwnership: ObjectOwnership.BUCKET_OWNER_ENFORCED,
      enforceSSL: true,
      versioned: true,
      lifecycleRules: [
        { expiration: Duration.days(logRetentionDays), noncurrentVersionExpiration: Duration.days(1) },
      ],
      removalPolicy: RemovalPolicy.RETAIN,
    })
  }

  #addTable(id: string, indexes: Record<string, Index>, { backupDays }: Stage): Table {
    const table = new Table(this, id, {
      partitionKey: { name: 'pk', type: AttributeType.STRING },
      sortKey: { name: 'sk', type: AttributeType.STRING },
      billingMode: BillingMode.PAY_PER_REQUEST,
      encryption: TableEncryption.DEFAULT,
      pointInTimeRecoverySpecification: {
        pointInTimeRecoveryEnabled: true,
        // DynamoDB's own default is not written, so that the template of a stage that says nothing stays as it was.
        ...(backupDays < MOST_BACKUP_DAYS ? { recoveryPeriodInDays: backupDays } : {}),
      },
      deletionProtection: true,
      timeToLiveAttribute: EXPIRY_ATTRIBUTE,
      removalPolicy: RemovalPolicy.RETAIN,
    })
    for (const { name, partition, sort } of Object.values(indexes)) {
      table.addGlobalSecondaryIndex({
        indexName: name,
        partitionKey: { name: partition, type: AttributeType.STRING },
        sortKey: { name: sort, type: AttributeType.STRING },
      })
    }
    return table
  }
}
